"""Pings of the protocol and pings of WebSockets are answered."""

import pytest

from roomproof.spec.messages import Pong, parse_timestamp
from roomproof.spec.rules import Need
from roomproof.stage.room import Room
from roomproof.stage.scene import expect
from roomproof.suite.marks import needs, rule


@rule("FRAME-7")
@needs(Need.TIMESTAMPS)
def test_a_ping_is_answered_with_a_pong(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")

    pings = ['{"type":"ping"}', '{"type": "ping"}', ' {"id":1,"type":"ping"}'] * 8
    for ping in pings:
        alice.send(ping)

    answered = alice.was_answered(Pong, times=len(pings))
    expect(answered, rule="FRAME-7", expected=f"{len(pings)} pongs with a timestamp", got=alice.account())
    assert all(parse_timestamp(pong.timestamp) for pong in alice.answers(Pong))
    bob.hears(alice.say("just checking"))
    expect(not bob.answers(Pong), rule="FRAME-7", expected="no pong for bob", got=bob.account())


@rule("FRAME-7")
def test_a_pong_answers_one_device(kitchen: Room) -> None:
    alice, alices_phone = kitchen.join("alice"), kitchen.join("alice")

    alices_phone.send('{"type":"ping"}')

    expect(alices_phone.was_answered(Pong), rule="FRAME-7", expected="a pong", got=alices_phone.account())
    alice.hears(alices_phone.say("just checking"))
    alice.fence()
    expect(not alice.answers(Pong), rule="FRAME-7", expected="no pong on the other device", got=alice.account())


PAYLOADS = {"nothing": b"", "a text": b"are you there?", "125 bytes of any kind": bytes(range(131, 256))}


@rule("FRAME-8")
@pytest.mark.parametrize("payload", [pytest.param(payload, id=case) for case, payload in PAYLOADS.items()])
def test_a_websocket_ping_is_answered_with_its_bytes(kitchen: Room, payload: bytes) -> None:
    alice = kitchen.join("alice")

    alice.ping(payload)

    assert alice.gets_pong(payload), f"expected a pong with {payload!r}, got none"


@rule("FRAME-8")
def test_the_last_of_many_websocket_pings_is_answered(kitchen: Room) -> None:
    alice = kitchen.join("alice")

    for number in range(30):
        alice.ping(str(number).encode())

    assert alice.gets_pong(b"29"), "expected a pong for the last ping, got none"


@rule("FRAME-8")
def test_a_websocket_ping_between_fragments_is_answered(kitchen: Room) -> None:
    alice = kitchen.join("alice")
    content = f"soup [{alice.token}]"
    kitchen.all_greet()

    alice.say_in_fragments(content, lambda frame: [frame[:10], frame[10:20], frame[20:]], pings=True)

    assert alice.gets_pong(b""), "expected a pong, got none"
    alice.hears(content, rule="FRAME-8")


@rule("FRAME-8")
def test_a_websocket_pong_that_nobody_asked_for_is_ignored(kitchen: Room) -> None:
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    kitchen.all_greet()

    alice.pong(b"here I am")

    bob.hears(alice.say("soup is ready"), rule="FRAME-8")
    alice.hears(bob.say("coming"), rule="FRAME-8")
