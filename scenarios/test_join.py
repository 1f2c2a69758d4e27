"""Everybody who joins is announced, hears and is heard."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from roomproof.spec.limits import USER_ID_CODE_POINTS
from roomproof.spec.messages import Message, Notice, NoticeKind
from roomproof.spec.rules import Capability, Need
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.suite.marks import needs, rule, unless

PLAIN_USERS = {
    "letters": ("a", "u" * USER_ID_CODE_POINTS, "ALICE"),
    "digits": ("007", "0", "1e3"),
    "marks": ("alice.b_c-d@example.org", "@bob", "-", ".", "_"),
    "words of languages": ("null", "false", "undefined", "None", "constructor", "__proto__"),
    "words of the protocol": ("system", "stats"),
}

OTHER_USERS = {
    "accents": ("Zo\u00eb", "Zoe\u0308", "é" * USER_ID_CODE_POINTS),
    "other scripts": ("李雷", "🦊", "👩\u200d👩\u200d👧 ❤\ufe0f", "\uff41lice"),
    "spaces": ("Alice Liddell", "Alice  Liddell", " alice "),
    "signs of a query": ("alice+bob", "a&user_id=b#c?d/e%20f"),
    "quotes and markup": ("""<b>'alice"</b>""",),
    "words of a notice": ("bob joined the chat",),
}
"""User ids that servers tend to change or to refuse, by kind."""


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


@rule("JOIN-1", "DELIVER-1")
def test_a_crowd_is_announced_one_by_one_and_hears_everything(kitchen: Room) -> None:
    users = [f"guest-{number}" for number in range(30)]
    kitchen.invite("alice", *users)
    alice = kitchen.join("alice")

    crowd = [kitchen.enter(user) for user in users]

    for user in users:
        alice.hears_join_of(user)
    for speaker in (alice, crowd[0], crowd[-1]):
        message = speaker.say("welcome")
        for listener in (alice, *crowd):
            listener.hears(message)


@rule("JOIN-1", "LEAVE-1")
@unless(Capability.PRESENCE_PER_USER)
@pytest.mark.parametrize("how", ["close", "fin", "rst"])
def test_a_quick_return_is_a_leave_and_a_join(kitchen: Room, how: str) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()

    for times in range(1, 7):
        bob.go(how)
        bob = kitchen.enter("bob")
        alice.hears_leave_of("bob", times=times)
        alice.hears_join_of("bob", times=times + 1)
        bob.hears(alice.say("welcome back"))


@rule("JOIN-2")
def test_devices_that_come_at_one_time_all_hear_and_are_heard(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    kitchen.invite("bob")

    with ThreadPoolExecutor(6) as at_one_time:
        devices = list(at_one_time.map(kitchen.attempt, ["bob"] * 6))

    for device in devices:
        expect(isinstance(device, Person), rule="JOIN-6", expected="every device of bob to be let in", got=device)
        assert isinstance(device, Person)
        device.hears(device.say("fence"), rule="JOIN-2")
    message = alice.say("all of you")
    for device in devices:
        assert isinstance(device, Person)
        device.hears(message, rule="JOIN-2")


@rule("JOIN-2")
def test_members_hear_and_the_others_do_not(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    soup = alice.say("soup is ready")
    bob.hears(soup)

    bob.leave()
    alice.hears_leave_of("bob")
    alice.fence()

    charlie = kitchen.join("charlie")
    pudding = alice.say("so is the pudding")
    charlie.hears(pudding)
    assert not bob.echoed(pudding)


@rule("JOIN-3")
def test_whoever_was_announced_hears_what_follows(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(15):
        guest = kitchen.enter(f"guest-{number}")
        alice.hears_join_of(guest.user)
        welcome = alice.say(f"welcome, {guest.user}")
        guest.hears(welcome, rule="JOIN-3")


@rule("JOIN-3")
def test_whoever_heard_something_hears_what_follows(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        guest.fence()
        welcome = alice.say(f"welcome, {guest.user}")
        guest.hears(welcome, rule="JOIN-3")


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
        assert kinds[0] is Notice, f"expected the notice of {guest.user} before its messages, got {kinds}"


@rule("JOIN-5")
def test_a_newcomer_may_speak_at_once(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(10):
        guest = kitchen.enter(f"guest-{number}")
        for greeting in guest.say_all(5, "good evening"):
            guest.hears(greeting, rule="JOIN-5")
            alice.hears(greeting, rule="JOIN-5")


@rule("JOIN-6")
@needs(Need.SENDER)
@pytest.mark.parametrize("users", [pytest.param(users, id=case) for case, users in PLAIN_USERS.items()])
def test_a_plain_user_id_comes_back_as_it_was_sent(kitchen: Room, users: tuple[str, ...]) -> None:
    witness = kitchen.join("witness")

    for user in users:
        guest = kitchen.enter(user)

        sender_id = witness.hears(guest.say("it is me")).sender_id
        # The judge knows a message under the id of another user (DELIVER-6).
        is_kept = sender_id in (user, "witness")
        expect(is_kept, rule="JOIN-6", expected=f"the sender_id {user!r}", got=repr(sender_id))
        witness.hears_join_of(user)


@rule("JOIN-6")
@needs(Need.SENDER)
def test_user_ids_that_differ_in_case_are_two_users(kitchen: Room) -> None:
    alice, other = kitchen.join("alice"), kitchen.join("Alice")

    senders = [alice.hears(other.say("two of us")).sender_id, other.hears(alice.say("indeed")).sender_id]

    expect(senders == ["Alice", "alice"], rule="JOIN-6", expected="messages of Alice and of alice", got=senders)


@rule("JOIN-7")
@pytest.mark.parametrize("users", [pytest.param(users, id=case) for case, users in OTHER_USERS.items()])
def test_any_printable_user_id_is_accepted(kitchen: Room, users: tuple[str, ...]) -> None:
    witness = kitchen.join("witness")

    guests = [kitchen.admit(user) for user in users]

    # The judge compares the user ids in every frame with those sent (JOIN-1, DELIVER-6).
    for guest in guests:
        if guest is not None:
            witness.hears(guest.say("it is me"))
    refused = [user for user, guest in zip(users, guests, strict=True) if guest is None]
    expect(not refused, rule="JOIN-7", expected="every printable user id to be accepted", got=f"refusals of {refused}")


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
