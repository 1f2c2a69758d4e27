"""Messages are heard in the order in which they are said."""

from roomproof.spec.limits import CloseCode
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.suite.marks import rule


@rule("ORDER-1")
def test_a_burst_is_heard_in_order(kitchen: Room) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    burst = alice.say_all(120)

    for listener in (alice, bob, charlie):
        listener.hears(burst[-1])
        listener.hears(*burst)
        heard = [message.content for message in listener.messages() if message.content in set(burst)]
        assert heard == burst


@rule("ORDER-1")
def test_long_and_short_messages_are_heard_in_order(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    said = [alice.say(text) for _ in range(7) for text in ("x" * 4_000, "short")]

    bob.hears(*said)
    assert [message.content for message in bob.messages() if message.content in set(said)] == said


@rule("ORDER-1")
def test_a_huge_burst_is_heard_in_order_or_ends_with_1013(kitchen: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]
    alice = people[0]

    burst = [alice.say_or_be_gone(f"and {number}") for number in range(150)]

    # If alice herself is given up, nobody need hear her last messages.
    for listener in people if alice.heard(burst[-1]) else [alice]:
        assert listener.heard(burst[-1]) or listener.was_closed_with() == CloseCode.TOO_FAR_BEHIND
    for listener in people:
        heard = [message.content for message in listener.messages() if message.content in set(burst)]
        assert heard == burst[: len(heard)], (
            f"expected {listener.user} to hear the burst in order without a hole, got {heard}"
        )


@rule("ORDER-1", "DELIVER-1", "DELIVER-3")
def test_a_busy_room_hears_everything_once_and_in_order(kitchen: Room) -> None:
    people = [kitchen.join(f"guest-{number}") for number in range(5)]

    said: dict[str, list[str]] = {speaker.user: [] for speaker in people}
    for _ in range(15):
        for speaker in people:
            said[speaker.user] += speaker.say_all(4)

    for listener in people:
        for speaker in people:
            messages = said[speaker.user]
            listener.hears(*messages)
            heard = [one.content for one in listener.messages() if one.content in set(messages)]
            if len(heard) > len(messages):
                expected = f"{listener.user} to hear each of the {len(messages)} messages of {speaker.user} once"
                raise RuleBrokenError("DELIVER-3", expected, f"{len(heard)} messages")
            if heard != messages:
                first = next(one for one, due in zip(heard, messages, strict=True) if one != due)
                expected = f"{listener.user} to hear {speaker.user} in the order of sending"
                raise RuleBrokenError("ORDER-1", expected, f"{first!r} too early")


@rule("ORDER-2")
def test_everybody_hears_one_order(kitchen: Room) -> None:
    people = [kitchen.join(f"guest-{number}") for number in range(4)]

    said = [message for _ in range(20) for speaker in people for message in speaker.say_all(2)]

    for listener in people:
        listener.hears(*said)
    orders = [[one.content for one in listener.messages() if one.content in set(said)] for listener in people]
    assert all(order == orders[0] for order in orders)
