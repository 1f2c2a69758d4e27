"""Whoever joins is announced, hears and is heard."""

import pytest

from roomproof.protocol import Capability
from roomproof.rules import rule, unless
from roomproof.stage.room import Room
from roomproof.wire import Message, Notice, NoticeKind

PLAIN_USERS = {
    "one letter": "a",
    "64 characters": "u" * 64,
    "every mark": "alice.b_c-d@example.org",
    "upper case": "ALICE",
    "digits": "007",
    "a word of JSON": "null",
    "a word of the protocol": "system",
}

OTHER_USERS = {
    "an umlaut": "Zo\u00eb",
    "a combining accent": "Zoe\u0308",
    "another script": "李雷",
    "an emoji": "🦊",
    "64 code points": "é" * 64,
    "a space": "Alice Liddell",
    "a plus sign": "alice+bob",
    "signs of a query": "a&user_id=b#c?d/e%20f",
    "quotes and markup": """<b>'alice"</b>""",
    "words of a notice": "bob joined the chat",
}


@rule("JOIN-1")
def test_everybody_hears_who_joins(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    bob = kitchen.join("bob")
    alice.hears_join_of("bob")

    kitchen.join("charlie")

    alice.hears_join_of("charlie")
    bob.hears_join_of("charlie")


@rule("JOIN-1")
@unless(Capability.PRESENCE_PER_USER)
def test_a_user_on_two_devices_joins_twice(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    kitchen.join("bob")
    kitchen.join("bob")

    alice.hears_join_of("bob", times=2)


@rule("JOIN-1")
def test_a_notice_names_the_room_and_the_time(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")
    kitchen.join("charlie")
    garage.join("charlie")

    alice.hears_join_of("charlie")
    bob.hears_join_of("charlie")

    assert {notice.chat_id for notice in alice.notices(NoticeKind.JOINED, "charlie")} == {kitchen.id}
    assert {notice.chat_id for notice in bob.notices(NoticeKind.JOINED, "charlie")} == {garage.id}


@rule("JOIN-1")
def test_a_crowd_is_announced_one_by_one(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    crowd = [f"guest-{number}" for number in range(20)]

    for user in crowd:
        kitchen.enter(user)

    for user in crowd:
        alice.hears_join_of(user)


@rule("JOIN-2")
def test_members_hear_and_the_others_do_not(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    soup = alice.say("soup is ready")
    assert bob.heard(soup)

    bob.leave()
    alice.hears_leave_of("bob")
    alice.fence()

    charlie = kitchen.join("charlie")
    pudding = alice.say("so is the pudding")
    assert charlie.heard(pudding)
    assert not bob.echoed(pudding)


@rule("JOIN-3")
def test_whoever_was_announced_hears_what_follows(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(15):
        guest = kitchen.enter(f"guest-{number}")
        alice.hears_join_of(guest.user)
        welcome = alice.say(f"welcome, {guest.user}")
        assert guest.heard(welcome), f"{guest.user} had been announced"


@rule("JOIN-3")
def test_whoever_heard_something_hears_what_follows(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        guest.fence()
        welcome = alice.say(f"welcome, {guest.user}")
        assert guest.heard(welcome), f"{guest.user} had heard itself"


@rule("JOIN-4")
def test_nobody_speaks_before_being_announced(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(15):
        guest = kitchen.enter(f"guest-{number}")
        alice.hears(guest.say("good evening"))
        kinds = [
            type(frame)
            for frame in alice.frames
            if (isinstance(frame, Notice) and frame.user_id == guest.user)
            or (isinstance(frame, Message) and frame.sender_id == guest.user)
        ]
        assert kinds[0] is Notice, f"{guest.user} was heard before it was announced"


@rule("JOIN-5")
def test_a_newcomer_may_speak_at_once(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        for greeting in guest.say_all(5, "good evening"):
            assert guest.heard(greeting)
            assert alice.heard(greeting)


@rule("JOIN-6")
@pytest.mark.parametrize("user", [pytest.param(user, id=case) for case, user in PLAIN_USERS.items()])
def test_a_plain_user_id_comes_back_as_it_was_sent(kitchen: Room, user: str) -> None:
    witness = kitchen.join("witness")

    guest = kitchen.enter(user)

    assert witness.hears(guest.say("it is me")).sender_id == user
    assert witness.notices(NoticeKind.JOINED, user), f"no notice says that {user!r} joined"


@rule("JOIN-6")
def test_user_ids_that_differ_in_case_are_two_users(kitchen: Room) -> None:
    alice, other = kitchen.join("alice"), kitchen.join("Alice")

    assert alice.hears(other.say("two of us")).sender_id == "Alice"
    assert other.hears(alice.say("indeed")).sender_id == "alice"


@rule("JOIN-7")
@pytest.mark.parametrize("user", [pytest.param(user, id=case) for case, user in OTHER_USERS.items()])
def test_any_printable_user_id_is_accepted(kitchen: Room, user: str) -> None:
    witness = kitchen.join("witness")

    guest = kitchen.admit(user)

    assert guest is not None, "the server should let any printable user id in"
    # That it comes back as it was sent is judged for every frame, by JOIN-1 and DELIVER-6.
    assert witness.heard(guest.say("it is me"))


@rule("JOIN-8")
def test_a_user_on_two_devices_joins_once_and_leaves_once(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    bob, bobs_phone = kitchen.join("bob"), kitchen.join("bob")
    alice.hears(bobs_phone.say("on the phone"))
    assert len(alice.notices(NoticeKind.JOINED, "bob")) == 1

    bob.leave()
    alice.hears(bobs_phone.say("only the phone now"))
    assert not alice.notices(NoticeKind.LEFT, "bob")

    bobs_phone.leave()
    alice.hears_leave_of("bob")
    alice.fence()
    assert len(alice.notices(NoticeKind.LEFT, "bob")) == 1
