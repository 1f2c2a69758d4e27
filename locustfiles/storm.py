"""All members lose their links, reconnect at once and talk, again and again.

When they reconnect, all rooms are empty. A part of the users are pairs, whose rooms become empty more often.

locust -f locustfiles/storm.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.pairs import Pair
from roomproof.load.user import RoomUser

__all__ = ["Pair", "Storm"]

SECONDS_BETWEEN_STORMS = 10

SECONDS_OF_SILENCE = 1.5
"""Seconds from the beginning of a storm until all reconnect; by then they have lost their links."""

HANDSHAKES_PER_SECOND = 1_000
"""Handshakes that each process begins in a second; more would wait for each other in the generator."""


SHARE = 4
"""Number of users in storms, for each one in a pair."""


class Storm(RoomUser):
    """Talks until the next storm resets its connection; comes back with all others."""

    weight = SHARE

    @property
    def users_here(self) -> int:
        """The number of users in this process."""
        return self.environment.runner.user_count if self.environment.runner else 0

    @task
    def talk(self) -> None:
        if self.is_time_for_all(SECONDS_BETWEEN_STORMS):
            self.die("rst")
            self.rest_until(SECONDS_OF_SILENCE)
            self.rest_up_to(self.users_here / HANDSHAKES_PER_SECOND)
            self.join()
        self.say()
