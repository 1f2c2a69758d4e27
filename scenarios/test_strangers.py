"""Talk in one room while strangers come and go in others."""

import time

from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.stage.strangers import Strangers
from roomproof.suite.marks import rule

BURST = 7
"""Number of messages that each of two people says at once: everybody can bear 15 undelivered ones (CLOSE-1)."""

MESSAGES = 2310
"""Number of messages of the whole talk."""

SECONDS = 8.0
"""Time in seconds after which the talk ends at a slow server."""


@rule("DELIVER-1", "DELIVER-2")
def test_talk_goes_on_while_strangers_come_and_go_elsewhere(stage: Stage, kitchen: Room) -> None:
    """A server that loses 0.3 % of these messages passes once in 1,000 runs.

    With 2,310 messages, 0.997 ** 2310 is 0.001.
    """
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    until = time.monotonic() + SECONDS

    with Strangers([stage.room(), stage.room()]):
        for _ in range(MESSAGES // (2 * BURST)):
            said = [message for speaker in (alice, bob) for message in speaker.say_all(BURST)]
            if not all(one.heard(message) for one in (alice, bob) for message in said) or time.monotonic() > until:
                break
