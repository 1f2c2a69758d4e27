"""Altered, misattributed, malformed and phantom messages, and their look-alikes."""

import pytest

from roomproof.judge.findings import Kind, quoted
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, altered, finding


def test_an_altered_message_is_that_one_and_not_lost(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says(" soup ")
    alice.hears(soup)
    bob.hears(soup, content=altered(soup))

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, soup)]


def test_messages_that_are_all_altered_are_taken_in_order(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    contents = [alice.says(" soup "), alice.says(" bread "), alice.says(" cheese ")]
    alice.hears(*contents)
    for told in contents:
        bob.hears(told, content=altered(told))

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, told) for told in contents]


def test_an_altered_message_is_the_one_that_fits_its_place(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    early = [alice.says("soup"), alice.says("bread")]
    alice.hears(*early)
    bob = tale.joins("bob")
    tale.all_hear(bob.joined)
    late = [alice.says("cheese"), alice.says("wine"), alice.says("coffee")]
    alice.hears(*late)
    bob.hears(late[0])
    bob.hears(late[1], content=altered(late[1]))
    bob.hears(late[2])

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, late[1])]


def test_the_altered_first_message_is_the_one_before_the_next(tale: Tale) -> None:
    """Its receiver is a late comer."""
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    soup, bread, cheese = alice.says("soup"), alice.says("bread"), alice.says("cheese")
    alice.hears(soup, bob.joined, bread, cheese)
    bob.hears(bread, content=altered(bread))
    bob.hears(cheese)

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, bread)]


@one_judge(OfflineOnly.BAD_FRAMES)
def test_an_altered_message_of_who_sent_a_bad_frame_is_altered(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    alice.sends("no JSON at all")
    sorry = alice.says_just("sorry about that")
    alice.hears(sorry)
    bob.hears(sorry, content="SORRY about that")

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, sorry)]


def test_a_message_under_another_name_is_misattributed(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup)
    bob.hears(soup, sender_id="bob")

    assert tale.findings() == [finding(Kind.MISATTRIBUTED, "DELIVER-6", bob, soup)]


def test_unknown_fields_are_ignored(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup, mood="good")
    bob.hears(soup, mood=None)

    assert tale.findings() == []


def test_unknown_frames_are_ignored(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.receives('{"type": "weather", "content": 3}')
    alice.receives('{"type": "system", "content": "welcome"}')

    assert tale.findings() == []


def test_another_chat_id_is_an_alteration(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup)
    bob.hears(soup, chat_id="Kitchen")

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-7", bob)]


@pytest.mark.parametrize("field", ["type", "content", "sender_id", "chat_id", "timestamp"])
def test_a_message_has_a(tale: Tale, field: str) -> None:
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("soup"), without=field)

    assert tale.findings()[0] == finding(Kind.MALFORMED, "DELIVER-7", alice)


def test_a_binary_frame_is_malformed(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    alice.receives(binary=b'{"type": "message"}')

    assert tale.findings() == [finding(Kind.MALFORMED, "DELIVER-7", alice)]


def test_texts_that_look_alike_are_told_apart(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    zoe = tale.joins("Zoe\u0308")
    alice.hears(zoe.joined)
    soup = zoe.says("soup")
    zoe.hears(soup)
    alice.hears(soup, sender_id="Zo\u00eb")

    texts = [one.text for one in tale.evidence()]

    assert texts == [r"expected the sender_id 'Zoe\u0308', got 'Zo\xeb'"]


@pytest.mark.parametrize(
    ("content", "other", "shown"),
    [
        pytest.param("Zo\u00eb", "Zoe", "'Zo\u00eb'", id="another text"),
        pytest.param("Zo\u00eb", "Zo\u00eb", "'Zo\u00eb'", id="the same text"),
        pytest.param("Zo\u00eb", "Zoe\u0308", r"'Zo\xeb'", id="another normal form"),
        pytest.param("\ufb01sh", "fish", r"'\ufb01sh'", id="a ligature"),
        pytest.param("no\u200bise", "noise", r"'no\u200bise'", id="an invisible character"),
    ],
)
def test_a_text_is_quoted_as_a_reader_needs_it(content: str, other: str, shown: str) -> None:
    assert quoted(content, other) == shown


def test_what_nobody_said_is_a_phantom(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    tale.all_hear(soup)
    bob.hears(soup, content="poison")

    assert tale.findings() == [finding(Kind.PHANTOM, "DELIVER-14", bob)]


def test_what_is_heard_before_it_is_said_is_a_phantom(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    now = tale.clock
    tale.passes(1)
    soup = alice.says("soup")
    alice.hears(soup)
    tale.clock = now
    bob.hears(soup)

    assert tale.findings()[0] == finding(Kind.PHANTOM, "DELIVER-14", bob, soup)


def test_a_content_with_half_a_character_is_altered(tale: Tale) -> None:
    """Cutting by UTF-16 units leaves a lone surrogate: valid JSON, invalid UTF-8."""
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup)
    bob.hears(soup, content=f"{soup.frame['content']}\ud83d")

    assert tale.findings() == [finding(Kind.ALTERED, "DELIVER-5", bob, soup)]


@pytest.mark.parametrize(
    ("changes", "kind", "rule"),
    [
        pytest.param({"sender_id": "eve"}, Kind.MISATTRIBUTED, "DELIVER-6", id="another sender"),
        pytest.param({"chat_id": "garage"}, Kind.ALTERED, "DELIVER-7", id="another room"),
        pytest.param({"timestamp": "2026-12-23T22:12:57"}, Kind.WRONG_TIME, "DELIVER-8", id="a timestamp of next year"),
        pytest.param({"timestamp": "2025-12-23T22:12:56"}, Kind.WRONG_TIME, "DELIVER-9", id="an earlier timestamp"),
    ],
)
def test_each_receiver_is_shown_to_get_a_message_with(
    tale: Tale, changes: dict[str, str], kind: Kind, rule: str
) -> None:
    alice, bob = tale.meet("alice", "bob")
    first, second = alice.says("soup"), alice.says("bread")
    for one in (alice, bob):
        one.hears(first)
        one.hears(second, **changes)

    found = [(one.kind, one.rule, one.receiver) for one in tale.findings()]
    assert found == [(kind, rule, alice.number), (kind, rule, bob.number)]


@pytest.mark.parametrize(
    ("frame", "kind", "rule"),
    [
        pytest.param('{"type": "message"}', Kind.MALFORMED, "DELIVER-7", id="no content"),
        pytest.param("soup", Kind.MALFORMED, "DELIVER-7", id="no JSON"),
        pytest.param('{"type": "error", "content": "no"}', Kind.UNPROVOKED_ERROR, "FRAME-5", id="an error"),
    ],
)
def test_a_frame_is_wrong_that_is(tale: Tale, frame: str, kind: Kind, rule: str) -> None:
    (alice,) = tale.meet("alice")
    alice.receives(frame)

    assert tale.findings() == [finding(kind, rule, alice)]
