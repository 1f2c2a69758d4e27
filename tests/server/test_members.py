import json
import socket
import struct

import pytest

from tests.server.process import Server, eventually


def test_a_member_hears_what_the_protocol_shows(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    bob = server.connect(room, "bob")
    alice.socket.send('{"type":"message","content":"soup","sender_id":"mallory"}')

    joined, heard = alice.hears(), alice.hears()

    assert {**joined, "timestamp": ""} == {
        "type": "system",
        "content": "bob joined the chat",
        "chat_id": room,
        "timestamp": "",
    }
    assert {**heard, "timestamp": ""} == {
        "type": "message",
        "content": "soup",
        "sender_id": "alice",
        "chat_id": room,
        "timestamp": "",
    }
    assert joined["timestamp"] < heard["timestamp"]
    assert bob.hears() == heard


@pytest.mark.parametrize(
    "user_id", ["x" * 64, "a.b_c-d@e", "Zoë van der Berg", "a+b&c=d%20#", "👩‍👩‍👧", "'; DROP", " "]
)
def test_a_user_id_comes_back_exactly(server: Server, user_id: str) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    guest = server.connect(room, user_id)
    guest.say("hello")

    assert alice.hears()["content"] == f"{user_id} joined the chat"
    assert alice.hears()["sender_id"] == user_id


def test_rooms_do_not_hear_each_other(server: Server) -> None:
    kitchen, garage = server.make_room(), server.make_room()
    alice, bob = server.connect(kitchen, "alice"), server.connect(garage, "bob")

    alice.say("soup")
    alice.hears()
    bob.say("car")

    assert bob.hears()["content"] == "car"


def test_statistics_follow_joins_and_leaves(server: Server) -> None:
    room = server.make_room()
    before = server.members()
    alice, bob = server.connect(room, "alice"), server.connect(room, "alice")
    alice.say("two of me")
    bob.say("yes")
    eventually(lambda: server.members() == before + 2, "both are counted")
    stats = server.ask("GET", "/api/chats/ws/stats").json
    assert room in stats["active_rooms"]
    assert stats["rooms_count"] == len(stats["active_rooms"])

    alice.socket.close()
    bob.socket.close()

    eventually(lambda: server.members() == before, "neither is counted")
    assert room not in server.ask("GET", "/api/chats/ws/stats").json["active_rooms"]


def test_messages_before_a_clean_close_precede_the_leave(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    bob = server.connect(room, "bob")
    said = [f"{number} " + "x" * 500 for number in range(200)]

    for content in said:
        bob.say(content)
    bob.socket.send_close(1000)

    heard = [alice.hears()["content"] for _ in range(202)]
    assert heard == ["bob joined the chat", *said, "bob left the chat"]


def test_a_close_is_answered_after_everything_that_is_due(server: Server) -> None:
    """Stock Hypercorn answers at once, and loses the last echoes."""
    room = server.make_room()
    bob = server.connect(room, "bob")

    for number in range(100):
        bob.say(str(number))
    bob.socket.send_close(1001)

    heard, code = bob.hears_all()
    assert [frame["content"] for frame in heard] == [str(number) for number in range(100)]
    assert code == 1001


@pytest.mark.parametrize("code", [1000, 1014, 3000, 4999])
def test_a_close_is_answered_with_its_own_code(server: Server, code: int) -> None:
    alice = server.connect(server.make_room(), "alice")

    alice.socket.send_close(code)

    assert alice.hears_close() == code


def test_a_close_without_a_code_is_answered(server: Server) -> None:
    alice = server.connect(server.make_room(), "alice")
    alice.say("bye")
    alice.hears()
    alice.socket.send(b"", opcode=8)

    assert alice.hears_close() == 0


def test_a_broken_link_is_a_leave(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    link = server.raw(room, "bob")
    assert alice.hears()["content"] == "bob joined the chat"

    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()

    assert alice.hears()["content"] == "bob left the chat"


def test_a_bad_frame_is_answered_to_its_sender_only(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    bob = server.connect(room, "bob")

    bob.socket.send("soup?")
    bob.socket.send_binary(b"\x00\xff")
    bob.socket.send('{"type":"ping"}')
    bob.say("sorry")

    assert [bob.hears()["type"] for _ in range(4)] == ["error", "error", "pong", "message"]
    assert [alice.hears()["content"] for _ in range(2)] == ["bob joined the chat", "sorry"]


def test_64_kib_are_carried_whether_escaped_or_not(server: Server) -> None:
    alice = server.connect(server.make_room(), "alice")
    frame = '{"type":"message","content":"%s"}'
    escaped = "\\u0001" * 10_000
    plain = "ü" * ((65536 - len(frame % "")) // 2)

    alice.socket.send(frame % escaped)
    alice.socket.send(frame % plain)

    assert alice.hears()["content"] == "\x01" * 10_000
    assert alice.hears()["content"] == plain


def test_a_message_beyond_the_limit_is_closed_with_1009(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")
    bob = server.connect(room, "bob")

    bob.say("before")
    bob.say("x" * 65537)
    bob.say("after")

    heard, code = bob.hears_all()
    assert ([frame["content"] for frame in heard], code) == (["before"], 1009)
    assert [alice.hears()["content"] for _ in range(3)] == ["bob joined the chat", "before", "bob left the chat"]


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        pytest.param(b"\x81\x82\x00\x00\x00\x00\xff\xff", 1007, id="invalid UTF-8"),
        pytest.param(b"\xf1\x80\x00\x00\x00\x00", 1002, id="reserved bits"),
    ],
)
def test_a_malformed_frame_is_closed_with_its_code(server: Server, broken: bytes, code: int) -> None:
    """Stock Hypercorn ends the link without a Close frame."""
    alice = server.connect(server.make_room(), "alice")

    assert alice.socket.sock is not None
    alice.socket.sock.sendall(broken)

    assert alice.hears_close() == code


def test_compression_is_not_negotiated(server: Server) -> None:
    room = server.make_room()
    link = server.raw(room, "alice")
    link.close()
    with socket.create_connection(server.address, timeout=20) as offering:
        offering.sendall(
            f"GET /api/chats/ws/{room}?user_id=bob HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
        )
        answer = offering.recv(4096)

    assert answer.startswith(b"HTTP/1.1 101")
    assert b"extensions" not in answer.lower()


def test_the_log_has_members_but_no_messages(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "al\u202eice")
    alice.say("my secret recipe")
    alice.hears()
    alice.socket.close()

    eventually(lambda: f"left chat={room} user='al\\u202eice' members=0" in server.log, "the leave is logged")
    assert f"joined chat={room} user='al\\u202eice' members=1" in server.log
    assert "recipe" not in server.log
    assert json.dumps("\u202e")[1:-1] in server.log
