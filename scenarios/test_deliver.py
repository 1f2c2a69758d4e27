"""Everybody gets everything, once, unchanged, and nothing else."""

import json
import time

import pytest

from roomproof.protocol import Capability
from roomproof.rules import needs, rule, unless
from roomproof.stage.room import Room
from roomproof.stage.stage import Stage
from roomproof.wire import CONTENT_CODE_POINTS, FRAME_BYTES, NoticeKind, parse_timestamp

CONTENTS = {
    "white space at both ends": "  soup \t\n",
    "nothing but a space": " ",
    "nothing but a line break": "\n",
    "many spaces in a row": "a" + " " * 300 + "b",
    "lines": "one\r\ntwo\rthree\n\n\nfour",
    "control characters": "bell \x07 escape \x1b[31m backspace \x08 delete \x7f",
    "a NUL": "before\x00after",
    "composed accents": "Caf\u00e9",
    "decomposed accents": "Cafe\u0301",
    "compatibility characters": "\ufb01 \u2460 \u2163 \uff46\uff55\uff4c\uff4c \u212b",
    "emoji with joiners": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "right to left": "שלום \u202e abc \u202c",
    "invisible characters": "zero\u200bwidth\ufeff no\u00a0break \u2028 line \u2029 paragraph",
    "noncharacters": "\ufffe\uffff\U0010ffff",
    "upper and lower case": "MiXeD İstanbul ẞß",
    "HTML": "<script>alert('x')</script> &amp; &lt; <b>bold</b>",
    "JSON": '{"type":"message","content":"nested"}',
    "an array": "[1,2,3]",
    "quotes and backslashes": "\"double\" 'single' \\n \\\\ \\u0041 /slash/",
    "percent signs": "100% %20 %s {0} ${x} {{7*7}}",
    "a whole number": "42",
    "a number with zeros": "007.50",
    "a constant": "null",
    "another constant": "true",
    "a word of the protocol": "alice joined the chat",
    "SQL": "'; DROP TABLE chats; --",
    "markdown": "*bold* _it_ `code` http://example.org/?a=b&c=d",
    "a long text": "soup " * 800,
}


@rule("DELIVER-1")
def test_everybody_hears_everybody(kitchen: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    for speaker in people:
        message = speaker.say(f"{speaker.user} speaking")
        for listener in people:
            listener.hears(message)


@rule("DELIVER-1")
def test_a_busy_room_loses_nothing(kitchen: Room) -> None:
    people = [kitchen.join(f"guest-{number}") for number in range(5)]

    said = [message for _ in range(12) for speaker in people for message in speaker.say_all(4)]

    for listener in people:
        listener.hears(*said)


@rule("DELIVER-2")
def test_the_sender_hears_the_echo(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    kitchen.join("bob")

    for message in alice.say_all(5):
        assert alice.heard(message)


@rule("DELIVER-2")
def test_somebody_alone_hears_the_echo(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    assert alice.heard(alice.say("is anybody there?"))


@rule("DELIVER-3")
def test_nobody_hears_anything_twice(kitchen: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    said = [message for _ in range(20) for speaker in people for message in speaker.say_all(3)]

    for listener in people:
        listener.hears(*said)
        listener.fence()
        contents = [message.content for message in listener.messages()]
        assert len(contents) == len(set(contents))


@rule("DELIVER-3")
def test_what_is_said_twice_is_heard_twice(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    for _ in range(3):
        alice.say_exactly("knock")
    alice.fence()
    bob.hears(alice.say("who is there?"))

    assert [message.content for message in bob.messages()].count("knock") == 3
    assert [message.content for message in alice.messages()].count("knock") == 3


@rule("DELIVER-4")
def test_a_message_stays_in_its_room(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")

    alice.say("soup is ready")
    bob.say("the car is fixed")

    assert kitchen.is_silent_for(bob)
    assert garage.is_silent_for(alice)


@rule("DELIVER-4")
def test_a_user_in_two_rooms_is_heard_only_where_it_speaks(kitchen: Room, garage: Room) -> None:
    in_kitchen, in_garage = kitchen.join("alice"), garage.join("alice")
    bob, charlie = kitchen.join("bob"), garage.join("charlie")

    in_kitchen.say_all(10, "soup")
    in_garage.say_all(10, "oil")

    for listener, other in ((bob, garage), (in_kitchen, garage), (charlie, kitchen), (in_garage, kitchen)):
        assert other.is_silent_for(listener)


@rule("DELIVER-4")
def test_rooms_of_one_name_are_two_rooms(stage: Stage) -> None:
    first, second = stage.room("Kitchen"), stage.room("Kitchen")
    alice, bob = first.join("alice"), second.join("bob")

    alice.say("soup is ready")
    bob.say("in this kitchen, too")

    assert first.is_silent_for(bob)
    assert second.is_silent_for(alice)


@rule("DELIVER-4")
def test_joins_and_leaves_stay_in_their_room(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")

    charlie = kitchen.join("charlie")
    charlie.leave()
    alice.hears_leave_of("charlie")

    assert kitchen.is_silent_for(bob)
    assert not bob.notices(NoticeKind.JOINED, "charlie")
    assert not bob.notices(NoticeKind.LEFT, "charlie")


@rule("DELIVER-4")
@needs(Capability.DELETE)
def test_a_deleted_room_is_silent(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")
    alice.say("soup is ready")
    kitchen.delete()

    alice.was_closed_with()

    assert kitchen.is_silent_for(bob)


@rule("DELIVER-5")
@pytest.mark.parametrize("content", [pytest.param(content, id=case) for case, content in CONTENTS.items()])
def test_content_arrives_verbatim(kitchen: Room, content: str) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    alice.say_exactly(content)
    bob.hears(alice.say("was that right?"))
    alice.fence()

    heard = [message.content for message in bob.messages() if alice.token not in message.content]
    assert heard == [content]


@rule("DELIVER-5")
def test_escaped_content_arrives_verbatim(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    content = 'é 🍲 \u2028 " \\ / \x00 \x1f'

    alice.send('{"type":"message","content":"\\u00e9 \\ud83c\\udf72 \\u2028 \\u0022 \\u005c \\/ \\u0000 \\u001f"}')

    assert bob.heard(content)
    assert alice.heard(content)


@rule("DELIVER-6")
@pytest.mark.parametrize("claim", ["sender_id", "user_id", "sender", "from"])
def test_nobody_speaks_for_another(kitchen: Room, claim: str) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = mallory.say_exactly(f"it is alice [{mallory.token}]", **{claim: "alice"})

    for listener in (alice, bob, mallory):
        assert listener.hears(content).sender_id == "mallory"


@rule("DELIVER-6")
def test_whoever_speaks_is_named(kitchen: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    for speaker in people:
        message = speaker.say("guess who")
        assert [listener.hears(message).sender_id for listener in people] == [speaker.user] * 3


@rule("DELIVER-7")
def test_a_frame_has_all_its_fields(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    message = bob.hears(alice.say("soup is ready"))
    alice.hears_join_of("bob")
    bob.leave()
    alice.hears_leave_of("bob")

    notices = alice.notices(NoticeKind.JOINED, "bob") + alice.notices(NoticeKind.LEFT, "bob")

    assert message.chat_id == kitchen.id
    assert [notice.chat_id for notice in notices] == [kitchen.id] * 2


@rule("DELIVER-7")
@pytest.mark.parametrize("claim", ["chat_id", "timestamp", "id"])
def test_the_server_fills_in_the_fields(kitchen: Room, garage: Room, claim: str) -> None:
    alice, bob, charlie = kitchen.join("alice"), kitchen.join("bob"), garage.join("charlie")

    content = alice.say_exactly(f"soup [{alice.token}]", **{claim: garage.id})

    for listener in (alice, bob):
        message = listener.hears(content)
        assert message.chat_id == kitchen.id
        assert parse_timestamp(message.timestamp) is not None
    assert kitchen.is_silent_for(charlie)


@rule("DELIVER-8")
def test_timestamps_tell_the_time(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    stamps = [bob.hears(alice.say(f"tick {number}")).timestamp for number in range(3)]

    # How close they are to now is judged for every frame of every scenario.
    assert all(parse_timestamp(stamp) for stamp in stamps)


@rule("DELIVER-9")
def test_time_moves(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    first = parse_timestamp(alice.hears(alice.say("tick")).timestamp)
    enough = time.monotonic() + 2

    latest = first
    while latest == first and time.monotonic() < enough:
        latest = parse_timestamp(alice.hears(alice.say("tock")).timestamp)
    latest = parse_timestamp(alice.hears(alice.say("tock")).timestamp)

    assert first is not None
    assert latest is not None
    assert latest > first, "two messages at least 2 s apart have the same timestamp"


@rule("DELIVER-9")
def test_time_does_not_run_backwards(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    stamps = [parse_timestamp(bob.hears(message).timestamp) for message in alice.say_all(150, "tick")]

    assert stamps == sorted(stamp for stamp in stamps if stamp is not None)


@rule("DELIVER-10")
@unless(Capability.HISTORY)
def test_nothing_is_repeated_to_late_comers(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = alice.say_all(5) + bob.say_all(5)
    alice.hears(*said)
    bob.hears(*said)

    charlie = kitchen.join("charlie")
    charlie.fence()
    charlie.hears(alice.say("welcome"))

    assert not [message for message in said if charlie.echoed(message)]
    assert not charlie.notices(NoticeKind.JOINED, "alice")


@rule("DELIVER-11")
def test_the_last_words_before_a_close_are_heard(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    for number in range(10):
        guest = kitchen.join(f"guest-{number}")
        last_words = guest.say_all(20, "goodbye")
        guest.connection.begin_close()
        for listener in (alice, bob):
            for message in last_words:
                assert listener.heard(message), f"{guest.user} said it, then closed"


@rule("DELIVER-11")
def test_one_message_and_goodbye(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        only_words = guest.say("hello and goodbye")
        guest.connection.begin_close()
        assert alice.heard(only_words), f"{guest.user} said it, then closed"


@rule("DELIVER-12")
@pytest.mark.parametrize("how", ["fin", "rst"])
def test_a_dead_sender_was_heard_by_all_or_none(kitchen: Room, how: str) -> None:
    listeners = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    for number in range(10):
        guest = kitchen.join(f"guest-{number}")
        last_words = guest.say_all(20, "goodbye")
        guest.die(how)
        for listener in listeners:
            listener.hears_leave_of(guest.user, rule="LEAVE-2")
        heard = [[message for message in last_words if listener.echoed(message)] for listener in listeners]
        assert heard[0] == heard[1] == heard[2], f"{guest.user} was heard by some and not by others"
        assert heard[0] == last_words[: len(heard[0])], f"what was heard of {guest.user} has a hole"


@rule("DELIVER-12")
def test_what_somebody_heard_of_a_dead_sender_everybody_hears(kitchen: Room) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))

    for number in range(5):
        guest = kitchen.join(f"guest-{number}")
        message = guest.say("help")
        alice.hears(message)
        guest.die("rst")
        assert bob.heard(message)
        assert charlie.heard(message)


LONG_CONTENTS = {
    "ASCII": "x" * CONTENT_CODE_POINTS,
    "two bytes each": "é" * CONTENT_CODE_POINTS,
    "three bytes each": "€" * CONTENT_CODE_POINTS,
    "four bytes each": "🍲" * CONTENT_CODE_POINTS,
}


@rule("DELIVER-13")
@pytest.mark.parametrize("content", [pytest.param(content, id=case) for case, content in LONG_CONTENTS.items()])
def test_long_contents_are_carried(kitchen: Room, content: str) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    alice.say_exactly(content)

    assert bob.heard(content)
    assert alice.heard(content)


@rule("DELIVER-13")
def test_the_largest_frame_is_accepted(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    content = "🍲" * CONTENT_CODE_POINTS
    frame = json.dumps({"type": "message", "content": content, "padding": ""}, ensure_ascii=True)
    frame = frame.replace('"padding": ""', f'"padding": "{"p" * (FRAME_BYTES - len(frame))}"')
    assert len(frame) == FRAME_BYTES

    alice.send(frame)

    assert bob.heard(content)
    assert alice.heard(content)


@rule("DELIVER-14")
def test_nothing_is_heard_that_nobody_said(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = {alice.say("soup"), bob.say("bread")}
    bob.leave()
    alice.hears_leave_of("bob")
    alice.fence()

    others = {message.content for message in alice.messages()} - said
    assert all(alice.token in content for content in others), others


@rule("DELIVER-15")
def test_unknown_fields_do_no_harm(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    fields: dict[str, object] = {"id": 7, "nested": {"a": [1, None]}, "mood": "hungry", "extra": None}

    content = alice.say_exactly(f"soup [{alice.token}]", **fields)

    assert bob.heard(content)
    assert alice.heard(content)


@rule("DELIVER-16")
def test_every_device_hears_everything(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    bobs_phone = kitchen.enter("bob")
    first = bobs_phone.say("from the other")
    assert bobs_phone.heard(first)

    messages = [first, alice.say("to both"), bob.say("from one"), bobs_phone.say("from the other")]

    for device in (alice, bob, bobs_phone):
        for message in messages:
            assert device.heard(message)
