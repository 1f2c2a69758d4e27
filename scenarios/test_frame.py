"""Bad frames are kept from the others, and are forgiven."""

import json
from itertools import cycle, islice

import pytest

from roomproof.dialects.native import native
from roomproof.spec.limits import BAD_FRAMES, CloseCode
from roomproof.spec.messages import Error
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError, expect
from roomproof.suite.marks import rule

BAD = [bad.name for bad in native().frames.bad_frames]
"""The names of all bad frames."""

each_bad_frame = pytest.mark.parametrize("case", BAD)


@rule("FRAME-1", "FRAME-2", "FRAME-3", "FRAME-4")
@each_bad_frame
def test_a_bad_frame_is_private_answered_and_forgiven(kitchen: Room, case: str) -> None:
    bad = kitchen.bad_frame(case)
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    kitchen.all_greet()
    before = len(bob.connection.received)

    for _ in range(3):
        mallory.send_bad(bad, f"mark-{mallory.token}")
    sorry = mallory.say_or_be_gone("sorry about that")
    stays = mallory.heard(sorry) and mallory.stays()

    soup = alice.say_or_be_gone("soup is ready")
    coming = bob.say_or_be_gone("coming")
    others_talk = bob.heard(soup) and alice.heard(coming)
    if stays and others_talk:
        bob.heard(sorry)  # the bad frames would arrive before it
    heard = [str(one.frame) for one in bob.connection.received[before:]]
    if passed_on := [frame for frame in heard if f"mark-{mallory.token}" in frame]:
        raise RuleBrokenError("FRAME-1", "a bad frame to be kept from the others", f"it at bob: {passed_on[0]}")
    if not others_talk:
        bob.hears(soup, rule="FRAME-2")
        alice.hears(coming, rule="FRAME-2")
    errors = [*alice.answers(Error), *bob.answers(Error)]
    expect(not errors, rule="FRAME-2", expected="alice and bob to go on as before", got=f"error frames: {errors}")
    if bad.codes and not mallory.is_open and mallory.was_closed_with(rule="FRAME-3") in bad.codes:
        return
    for listener in (mallory, alice):
        listener.hears(sorry, rule="FRAME-3")
    mallory.expects(stays, "mallory to stay after three bad frames")
    says_why = any(error.content for error in mallory.answers(Error))
    expect(says_why, rule="FRAME-4", expected="an error frame that says why, for a bad frame", got=mallory.account())


@rule("FRAME-2")
@pytest.mark.parametrize("case", ["no JSON", "an unknown type", "no content", "binary"])
def test_a_bad_frame_disturbs_no_other_device(kitchen: Room, case: str) -> None:
    bad = kitchen.bad_frame(case)
    alice, mallory, mallorys_phone = (kitchen.join(user) for user in ("alice", "mallory", "mallory"))
    kitchen.all_greet()

    mallorys_phone.send_bad(bad)
    mallorys_phone.stays()

    mallory.hears(alice.say_or_be_gone("soup is ready"), rule="FRAME-2")
    alice.hears(mallory.say_or_be_gone("coming"), rule="FRAME-2")
    expect(not mallory.answers(Error), rule="FRAME-2", expected="no error on another device", got=mallory.account())


@rule("FRAME-2")
def test_a_bad_frame_disturbs_its_sender_in_no_other_room(kitchen: Room, garage: Room) -> None:
    mallory, mallory_elsewhere, alice = kitchen.join("mallory"), garage.join("mallory"), garage.join("alice")
    garage.all_greet()

    mallory.send_bad(kitchen.bad_frame("no JSON"))
    mallory.stays()

    mallory_elsewhere.hears(alice.say_or_be_gone("soup is ready"), rule="FRAME-2")
    alice.hears(mallory_elsewhere.say_or_be_gone("coming"), rule="FRAME-2")
    got = mallory_elsewhere.account()
    expect(not mallory_elsewhere.answers(Error), rule="FRAME-2", expected="no error in another room", got=got)


@rule("FRAME-3")
def test_19_bad_frames_are_forgiven(kitchen: Room) -> None:
    alice, mallory = kitchen.join("alice"), kitchen.join("mallory")
    forgiven = [bad for bad in kitchen.bad_frames if not bad.codes]
    kitchen.all_greet()

    for bad in islice(cycle(forgiven), BAD_FRAMES - 1):
        mallory.send_bad(bad)
    sorry = mallory.say_or_be_gone("sorry about that")

    mallory.hears(sorry, rule="FRAME-3")
    alice.hears(sorry, rule="FRAME-3")


@rule("FRAME-3")
def test_the_bad_frames_of_each_connection_count(kitchen: Room) -> None:
    alice, mallory, mallorys_phone = (kitchen.join(user) for user in ("alice", "mallory", "mallory"))
    kitchen.all_greet()

    for device in (mallory, mallorys_phone):
        for _ in range(BAD_FRAMES - 1):
            device.send_bad(kitchen.bad_frame("no JSON"))

    for device in (mallory, mallorys_phone):
        alice.hears(device.say_or_be_gone("sorry about that"), rule="FRAME-3")


@rule("FRAME-3")
def test_the_20th_bad_frame_is_forgiven_or_closes_with_1008(kitchen: Room) -> None:
    alice, mallory = kitchen.join("alice"), kitchen.join("mallory")
    kitchen.all_greet()

    for _ in range(BAD_FRAMES):
        mallory.send_bad(kitchen.bad_frame("no JSON"))

    # Nothing is sent until the answers arrive: data that a closing server no longer reads would destroy its Close.
    if mallory.was_answered(Error, times=BAD_FRAMES) and mallory.stays():
        alice.hears(mallory.say("sorry about that"), rule="FRAME-3")
    elif not mallory.is_open:
        code = mallory.was_closed_with(rule="FRAME-3")
        expected = "mallory to be closed with 1008"
        expect(code == CloseCode.POLICY_VIOLATION, rule="FRAME-3", expected=expected, got=mallory.account())


VIOLATIONS = {
    "not UTF-8": (b"\xe9", {}),
    "with a reserved bit": (b"", {"is_reserved": True}),
}
"""Frames that RFC 6455 forbids: the end of the content, and the form of the frame."""


@rule("FRAME-1", "FRAME-2")
@pytest.mark.parametrize(("end", "form"), [pytest.param(*violation, id=case) for case, violation in VIOLATIONS.items()])
def test_what_is_no_frame_ends_its_connection_unheard(kitchen: Room, end: bytes, form: dict[str, bool]) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    mark = f"mark-{mallory.token}"
    kitchen.all_greet()

    mallory.violate(f'{{"type":"message","content":"{mark}'.encode() + end + b'"}', **form)

    mallory.was_closed_with(rule="FRAME-1")
    for listener in (alice, bob):
        listener.hears_leave_of("mallory")
    soup, coming = alice.say_or_be_gone("soup is ready"), bob.say_or_be_gone("coming")
    others_talk = bob.heard(soup) and alice.heard(coming)
    if told := [str(one.frame) for one in bob.connection.received if mark in str(one.frame)]:
        raise RuleBrokenError("FRAME-1", "what is no frame to be told to nobody", f"it at bob: {told[0]}")
    if not others_talk:
        bob.hears(soup, rule="FRAME-2")
        alice.hears(coming, rule="FRAME-2")


@rule("FRAME-2", "FRAME-9")
def test_an_unmasked_frame_ends_its_connection_unheard(kitchen: Room) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = f"unmasked {mallory.token}"
    kitchen.all_greet()

    mallory.say_unmasked(content)

    if not mallory.stays():
        for listener in (alice, bob):
            listener.hears_leave_of("mallory")
    bob.hears(alice.say_or_be_gone("soup is ready"), rule="FRAME-2")
    alice.hears(bob.say_or_be_gone("coming"), rule="FRAME-2")
    if mallory.is_open or any(person.echoed(content) for person in (alice, bob, mallory)):
        raise RuleBrokenError("FRAME-9", "an unmasked frame to end its connection unheard", mallory.account())


@rule("FRAME-1")
def test_a_frame_beyond_any_limit_arrives_whole_or_not_at_all(kitchen: Room) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = f"{mallory.token} " + "x" * (2 * 1024 * 1024)

    mallory.send_or_be_gone(json.dumps({"type": "message", "content": content}))
    mallory.stays()

    bob.hears(alice.say("did you hear that?"))
    heard = [message.content for message in bob.messages() if message.content.startswith(mallory.token)]
    assert heard in ([], [content])


@rule("FRAME-2")
def test_a_frame_beyond_any_limit_disturbs_nobody_else(kitchen: Room) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    kitchen.all_greet()

    mallory.send_or_be_gone(json.dumps({"type": "message", "content": "x" * (2 * 1024 * 1024)}))
    mallory.stays()

    bob.hears(alice.say("soup is ready"), rule="FRAME-2")
    alice.hears(bob.say("coming"), rule="FRAME-2")


@rule("FRAME-3")
def test_a_frame_beyond_any_limit_is_forgiven_or_closes_1009(kitchen: Room) -> None:
    alice, mallory = kitchen.join("alice"), kitchen.join("mallory")
    kitchen.all_greet()

    mallory.send_or_be_gone(json.dumps({"type": "message", "content": "x" * (2 * 1024 * 1024)}))
    sorry = mallory.say_or_be_gone("sorry about that")

    # If the server resets the link after its Close frame, that frame can be lost on the way.
    if mallory.stays() or mallory.was_closed_with(rule="FRAME-3") not in (CloseCode.TOO_BIG, None):
        for listener in (mallory, alice):
            listener.hears(sorry, rule="FRAME-3")


@rule("FRAME-5")
def test_a_valid_message_is_not_answered_with_an_error(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    kitchen.join("bob")

    for content in ("soup", " ", "0", "null", "\x00", "🍲", '{"type":"dance"}', "error"):
        alice.say(content)
    alice.send('  {"content" : "with spaces" , "type" : "message" , "more" : [ ] }  ')
    alice.hears("with spaces")
    alice.fence()

    assert not alice.answers(Error)


@rule("FRAME-6")
def test_a_frame_without_type_is_a_message_or_a_bad_frame(kitchen: Room) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    content = f"no type {mallory.token}"

    mallory.send(json.dumps({"content": content}))
    after = mallory.say("did you hear that?")
    for listener in (alice, bob, mallory):
        listener.hears(after)  # sent later, so whoever hears the frame at all has heard it by now

    assert mallory.echoed(content) == alice.echoed(content) == bob.echoed(content)


@rule("FRAME-10")
@pytest.mark.parametrize(
    "surrogates", [pytest.param("\ud800", id="one"), pytest.param("\udc00\ud800", id="two in the wrong order")]
)
def test_a_lone_surrogate_is_relayed_verbatim_or_refused(kitchen: Room, surrogates: str) -> None:
    alice, bob, mallory = (kitchen.join(user) for user in ("alice", "bob", "mallory"))
    mark = f"mark-{mallory.token}"
    content = f"{mark} {surrogates}"

    mallory.send(json.dumps({"type": "message", "content": content}))
    after = mallory.say("did you get that?")
    for listener in (alice, bob, mallory):
        listener.hears(after)  # sent later, so the frame would have arrived by now

    heard = [[one.content for one in person.messages() if mark in one.content] for person in (alice, bob, mallory)]
    if heard not in ([[], [], []], [[content], [content], [content]]):
        raise RuleBrokenError("FRAME-10", f"{content!r} to reach everyone verbatim, or nobody", repr(heard))
