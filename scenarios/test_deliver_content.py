"""Messages arrive with their content, their sender and all their fields."""

import contextlib
import json
from collections.abc import Callable

import pytest

from roomproof.spec.limits import CONTENT_CODE_POINTS, FRAME_BYTES
from roomproof.spec.messages import NoticeKind, message, parse_timestamp
from roomproof.spec.rules import Need
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.suite.marks import needs, rule

CONTENTS = {
    "white space": ("  soup \t\n", " ", "\n", "a" + " " * 300 + "b", "one\r\ntwo\rthree\n\n\nfour"),
    "control characters": (
        "bell \x07 escape \x1b[31m backspace \x08 delete \x7f",
        "before\x00after",
        "".join(map(chr, [*range(1, 32), *range(127, 161)])),
    ),
    "accents and ligatures": (
        "Caf\u00e9",
        "Cafe\u0301",
        "\ufb01 \u2460 \u2163 \uff46\uff55\uff4c\uff4c \u212b",
        "MiXeD İstanbul ẞß",
    ),
    "other scripts": (
        "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
        "שלום \u202e abc \u202c",
        "zero\u200bwidth\ufeff no\u00a0break \u2028 line \u2029 paragraph",
        "\ufffe\uffff\U0010ffff",
    ),
    "markup and code": (
        "<script>alert('x')</script> &amp; &lt; <b>bold</b>",
        "*bold* _it_ `code` http://example.org/?a=b&c=d",
        "\"double\" 'single' \\n \\\\ \\u0041 /slash/",
        "100% %20 %s {0} ${x} {{7*7}}",
        "'; DROP TABLE chats; --",
    ),
    "what could be JSON": ('{"type":"message","content":"nested"}', "[1,2,3]", "42", "007.50", "null", "true"),
    "words that mean something somewhere": (
        "alice joined the chat",
        "ping",
        "/help",
        "/quit",
        "@bob #soup",
        ":) :smile: (c) -- ...",
    ),
    "a long text": ("soup " * 800,),
}
"""Contents that servers tend to change, by kind."""


@rule("DELIVER-5")
@pytest.mark.parametrize("contents", [pytest.param(contents, id=case) for case, contents in CONTENTS.items()])
def test_content_arrives_verbatim(kitchen: Room, contents: tuple[str, ...]) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()

    for content in contents:
        alice.say_exactly(content)
    bob.hears(alice.say("was that right?"))
    alice.fence()

    bob.hears(*contents, rule="DELIVER-5")
    heard = [message.content for message in bob.messages() if message.content in contents]
    assert heard == [*contents]


@rule("DELIVER-5")
@pytest.mark.parametrize("code_points", [CONTENT_CODE_POINTS + 1, 2 * CONTENT_CODE_POINTS, 60_000])
def test_longer_content_arrives_whole_or_not_at_all(kitchen: Room, code_points: int) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = mallory.token.ljust(code_points, "x")

    mallory.say_exactly_or_be_gone(content)
    after = mallory.say_or_be_gone("was that too long?")
    stays = mallory.heard(after)
    for listener in (alice, bob):
        if stays:
            listener.hears(after)
        heard = [frame.content for frame in listener.messages() if frame.content.startswith(mallory.token)]
        if heard not in ([], [content]):
            lengths = ", ".join(str(len(one)) for one in heard)
            raise RuleBrokenError("DELIVER-5", f"{code_points} code points or nothing", f"{lengths} code points")


@rule("DELIVER-5")
def test_escaped_content_arrives_verbatim(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    content = 'é 🍲 \u2028 " \\ / \x00 \x1f'

    alice.send('{"type":"message","content":"\\u00e9 \\ud83c\\udf72 \\u2028 \\u0022 \\u005c \\/ \\u0000 \\u001f"}')

    bob.hears(content)
    alice.hears(content)


@rule("DELIVER-6")
@needs(Need.SENDER)
@pytest.mark.parametrize("claim", ["sender_id", "user_id", "sender", "from"])
def test_nobody_speaks_for_another(kitchen: Room, claim: str) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = mallory.say_exactly(f"it is alice [{mallory.token}]", **{claim: alice.user})

    for listener in (alice, bob, mallory):
        assert listener.hears(content).sender_id == mallory.user


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
@needs(Need.TIMESTAMPS)
@pytest.mark.parametrize("claim", ["chat_id", "timestamp", "id"])
def test_the_server_fills_in_the_fields(kitchen: Room, garage: Room, claim: str) -> None:
    alice, bob, charlie = kitchen.join("alice"), kitchen.join("bob"), garage.join("charlie")

    content = alice.say_exactly(f"soup [{alice.token}]", **{claim: garage.id})

    for listener in (alice, bob):
        message = listener.hears(content)
        assert message.chat_id == kitchen.id
        assert parse_timestamp(message.timestamp) is not None
    assert kitchen.is_silent_for(charlie)


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
    kitchen.all_greet()

    alice.say_exactly(content)

    bob.hears(content, rule="DELIVER-13")
    alice.hears(content, rule="DELIVER-13")


@rule("DELIVER-13")
def test_the_largest_frame_is_accepted(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    content = "🍲" * CONTENT_CODE_POINTS
    frame = json.dumps({"type": "message", "content": content, "padding": ""}, ensure_ascii=True)
    frame = frame.replace('"padding": ""', f'"padding": "{"p" * (FRAME_BYTES - len(frame))}"')
    assert len(frame) == FRAME_BYTES
    kitchen.all_greet()

    alice.send(frame)

    bob.hears(content, rule="DELIVER-13")
    alice.hears(content, rule="DELIVER-13")


FRAME_SIZES = (*range(124, 130), 4_095, 4_096, FRAME_BYTES - 2, FRAME_BYTES - 1, FRAME_BYTES)
"""Sizes in bytes around the limits at which servers read frames differently."""


@rule("DELIVER-13")
def test_frames_of_every_size_are_accepted(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()

    contents = [f"{size} [{alice.token}]" for size in FRAME_SIZES]
    for size, content in zip(FRAME_SIZES, contents, strict=True):
        frame = message(content, padding="")
        alice.send(frame.replace('"padding": ""', f'"padding": "{"p" * (size - len(frame))}"'))
        bob.hears(content, rule="DELIVER-13")


FRAGMENTS: dict[str, Callable[[bytes], list[bytes]]] = {
    "two halves": lambda frame: [frame[: len(frame) // 2], frame[len(frame) // 2 :]],
    "one for each byte": lambda frame: [(frame + b" " * 500)[at : at + 1] for at in range(len(frame) + 500)],
    "empty ones around it": lambda frame: [b"", frame, b""],
    "the largest frame": lambda frame: [b" " * 8_192] * 7 + [frame.rjust(8_192)],
}


@rule("DELIVER-13")
@pytest.mark.parametrize("fragmented", [pytest.param(cut, id=case) for case, cut in FRAGMENTS.items()])
def test_a_message_in_fragments_is_carried_whole(kitchen: Room, fragmented: Callable[[bytes], list[bytes]]) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()
    content = f"soup 🍲 [{alice.token}]"

    with contextlib.suppress(RuleBrokenError):  # if the server closes in between, nobody hears the message
        alice.say_in_fragments(content, fragmented)

    listeners = [one for one in (bob, alice) if one.can_hear(alice)]
    for listener in listeners:
        listener.hears(content, rule="DELIVER-13")


FIELDS: dict[str, dict[str, object]] = {
    "fields of every kind": {"nested": {"a": [1, None]}, "mood": "hungry", "extra": None, "__proto__": {"type": "x"}},
    "an id": {"id": 7},
    "a receiver": {"to": "charlie", "recipient": "charlie", "private": True, "room": "x"},
    "fields of the server in other forms": {"sender_id": 7, "chat_id": None, "timestamp": {}},
}


@rule("DELIVER-15")
@pytest.mark.parametrize("fields", [pytest.param(fields, id=case) for case, fields in FIELDS.items()])
def test_unknown_fields_do_no_harm(kitchen: Room, fields: dict[str, object]) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]
    kitchen.all_greet()

    contents = [f"soup {number} [{people[0].token}]" for number in range(2)]
    for content in contents:
        people[0].say_exactly_or_be_gone(content, **fields)

    for listener in people:
        listener.hears(*contents, rule="DELIVER-15")
