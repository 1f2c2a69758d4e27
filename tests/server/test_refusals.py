import socket
from pathlib import Path

import pytest

from tests.server.process import PATIENCE, Server, eventually, handshake, running, text_frame


@pytest.mark.parametrize("chat_id", ["room123", "stats", "chat-000000000000", "a" * 64])
def test_an_id_that_names_no_room_gets_403(server: Server, chat_id: str) -> None:
    assert server.refusal(f"/api/chats/ws/{chat_id}?user_id=alice") == 403


@pytest.mark.parametrize(
    "chat_id", ["CHAT_ID", "{id}'", "{id}%22", "{id}%0A", "a" * 65, "a" * 200, "{id}/", "a//b", "%FF", "..%2F..", ""]
)
def test_a_bad_id_gets_4004(server: Server, chat_id: str) -> None:
    path = chat_id.replace("{id}", server.make_room())

    assert server.refusal(f"/api/chats/ws/{path}?user_id=alice") == 4004


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("", id="none"),
        pytest.param("?user_id=", id="an empty one"),
        pytest.param("?user_id=" + "x" * 65, id="one that is too long"),
        pytest.param("?user_id=a%0Ab", id="one with a control character"),
        pytest.param("?user_id=a%00", id="one with NUL"),
        pytest.param("?user_id=%FF", id="invalid UTF-8"),
        pytest.param("?user_id=%ED%A0%80", id="a lone surrogate"),
        pytest.param("?user_id=alice&user_id=bob", id="two"),
    ],
)
def test_a_bad_user_id_is_refused(server: Server, query: str) -> None:
    assert server.refusal(f"/api/chats/ws/{server.make_room()}{query}") == 400


def test_a_deleted_room_is_closed_and_then_refused(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")

    assert server.ask("DELETE", f"/api/chats/{room}").status == 204

    assert alice.hears_close() == 4004
    assert server.refusal(f"/api/chats/ws/{room}?user_id=bob") == 403


def test_refused_clients_are_not_announced(server: Server) -> None:
    room = server.make_room()
    alice = server.connect(room, "alice")

    server.refusal(f"/api/chats/ws/{room}?user_id=")
    server.refusal(f"/api/chats/ws/{room}'?user_id=mallory")
    alice.say("alone?")

    assert alice.hears()["content"] == "alone?"


def test_a_message_sent_with_the_handshake_is_heard(server: Server) -> None:
    """Stock Hypercorn answers 400 here, and leaves behind a member that never leaves."""
    room = server.make_room()
    alice = server.connect(room, "alice")
    with socket.create_connection(server.address, timeout=PATIENCE) as link:
        link.sendall(handshake(room, "bob") + text_frame('{"type":"message","content":"hasty"}'))
        assert [alice.hears()["content"] for _ in range(2)] == ["bob joined the chat", "hasty"]

    assert alice.hears()["content"] == "bob left the chat"


def test_a_refusal_is_one_log_line_that_cannot_be_forged(server: Server) -> None:
    server.refusal("/api/chats/ws/x%0A2026-01-01%20INFO%20forged%1B[2J?user_id=alice")

    eventually(lambda: "forged" in server.log, "the refusal is logged")
    lines = [line for line in server.log.splitlines() if "forged" in line]
    assert len(lines) == 1
    assert "refused chat='x\\n2026-01-01 INFO forged\\x1b[2J'" in lines[0]


def test_only_participants_join_where_asked(tmp_path: Path) -> None:
    with running(tmp_path, "--join", "participants") as server:
        room, other = server.make_room(), server.make_room()
        server.ask("POST", f"/api/chats/{other}/participants", {"participant_ids": ["bob"]})
        alice = server.connect(room, "alice")

        assert server.refusal(f"/api/chats/ws/{room}?user_id=bob") == 403
        assert server.refusal("/api/chats/ws/room123?user_id=alice") == 403
        assert server.members() == 1
        server.ask("POST", f"/api/chats/{room}/participants", {"participant_ids": ["bob"]})
        server.connect(room, "bob")

        assert alice.hears()["content"] == "bob joined the chat"
        assert "only participants" in server.log
