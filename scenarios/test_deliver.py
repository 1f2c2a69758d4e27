"""Everybody hears everything that is due to them, once, and nothing else."""

from roomproof.spec.messages import NoticeKind
from roomproof.spec.rules import Capability, Need
from roomproof.stage.person import Person
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.stage.stage import Stage
from roomproof.suite.marks import needs, rule


@rule("DELIVER-1")
def test_everybody_hears_everybody(kitchen: Room) -> None:
    people = [kitchen.join(user) for user in ("alice", "bob", "charlie")]

    for speaker in people:
        message = speaker.say(f"{speaker.user} speaking")
        for listener in people:
            listener.hears(message)


@rule("DELIVER-2")
def test_the_sender_hears_the_echo(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    kitchen.join("bob")

    for message in alice.say_all(5):
        alice.hears(message)


@rule("DELIVER-2")
def test_somebody_alone_hears_the_echo(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    alice.hears(alice.say("is anybody there?"))


@rule("DELIVER-3")
def test_what_is_said_twice_is_heard_twice(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    for _ in range(3):
        alice.say_exactly("knock")
    alice.fence()
    bob.hears(alice.say("who is there?"))

    for listener in (alice, bob):
        heard = [message.content for message in listener.messages()].count("knock")
        expect(heard != 1, rule="DELIVER-3", expected=f"{listener.user} to hear 'knock' 3 times", got="it once")
        listener.expects(heard == 3, f"{listener.user} to hear 'knock' 3 times")


@rule("DELIVER-4")
def test_a_message_stays_in_its_room(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")

    alice.say("soup is ready")
    bob.say("the car is fixed")

    expect_silent(kitchen, bob)
    expect_silent(garage, alice)


def expect_silent(room: Room, listener: Person) -> None:
    """Expect that nothing of a room reaches a listener in another room."""
    is_silent = room.is_silent_for(listener)
    expected = f"{listener.user} to hear nothing of another room"
    expect(is_silent, rule="DELIVER-4", expected=expected, got=listener.account())


@rule("DELIVER-4")
def test_a_user_in_two_rooms_is_heard_only_where_it_speaks(kitchen: Room, garage: Room) -> None:
    in_kitchen, in_garage = kitchen.join("alice"), garage.join("alice")
    bob, charlie = kitchen.join("bob"), garage.join("charlie")

    in_kitchen.say_all(10, "soup")
    in_garage.say_all(10, "oil")

    for listener, other in ((bob, garage), (in_kitchen, garage), (charlie, kitchen), (in_garage, kitchen)):
        expect_silent(other, listener)


@rule("DELIVER-4")
def test_rooms_of_one_name_are_two_rooms(stage: Stage) -> None:
    first, second = stage.room("Kitchen"), stage.room("Kitchen")
    alice, bob = first.join("alice"), second.join("bob")

    alice.say("soup is ready")
    bob.say("in this kitchen, too")

    expect_silent(first, bob)
    expect_silent(second, alice)


@rule("DELIVER-1", "DELIVER-2")
@needs(Need.SENDER)
def test_the_same_words_of_two_are_two_messages(kitchen: Room) -> None:
    alice, bob, charlie = (kitchen.join(user) for user in ("alice", "bob", "charlie"))
    people = (alice, bob, charlie)

    alice.say_exactly("soup!")
    for listener in people:
        listener.hears("soup!")
    bob.say_exactly("soup!")
    last = bob.say("is it ready?")

    for listener in people:
        listener.hears(last)
        speakers = [message.sender_id for message in listener.messages() if message.content == "soup!"]
        listener.expects(
            speakers == [alice.user, bob.user], f"{listener.user} to hear 'soup!' from alice, then from bob"
        )


@rule("DELIVER-4")
def test_joins_and_leaves_stay_in_their_room(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")

    charlie = kitchen.join("charlie")
    charlie.leave()
    alice.hears_leave_of("charlie")

    expect_silent(kitchen, bob)
    notices = [*bob.notices(NoticeKind.JOINED, "charlie"), *bob.notices(NoticeKind.LEFT, "charlie")]
    expect(not notices, rule="DELIVER-4", expected="bob to hear nothing of charlie", got=notices)


@rule("DELIVER-4")
@needs(Capability.DELETE)
def test_a_deleted_room_is_silent(kitchen: Room, garage: Room) -> None:
    alice, bob = kitchen.join("alice"), garage.join("bob")
    alice.say("soup is ready")
    kitchen.delete()

    alice.was_closed_with(rule="CLOSE-3")

    expect_silent(kitchen, bob)


@rule("DELIVER-14")
def test_nothing_is_heard_that_nobody_said(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    said = {alice.say("soup"), bob.say("bread")}
    bob.leave()
    alice.hears_leave_of("bob")
    alice.fence()

    others = {message.content for message in alice.messages()} - said
    assert all(alice.token in content for content in others), others


@rule("DELIVER-16")
def test_every_device_hears_everything(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    bobs_phone = kitchen.enter("bob")
    first = bobs_phone.say("from the other")
    if not bobs_phone.heard(alice.say("to the phone")):
        bobs_phone.hears(first, rule="DELIVER-16")
    bobs_phone.hears(first)

    more = [kitchen.join("bob") for _ in range(4)]
    messages = [
        alice.say("to all"),
        bob.say("from one"),
        bobs_phone.say("from the other"),
        more[-1].say("from the last"),
    ]

    alice.hears(first, rule="DELIVER-16")
    bob.hears(first, rule="DELIVER-16")
    for device in (alice, bob, bobs_phone, *more):
        device.hears(*messages, rule="DELIVER-16")
