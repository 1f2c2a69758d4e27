import json

import pytest

from tests.server.process import Answer, Server

KITCHEN = {"name": "Kitchen", "created_by": "alice"}
METADATA = {"n": 2**53, "neg": -(2**53), "f": 1.5, "none": None, "Zoë": ["b", {"a": "\u0000 ' \" \\"}], "no": False}


def test_a_room_is_made_shown_and_deleted(server: Server) -> None:
    made = server.ask("POST", "/api/chats", {**KITCHEN, "metadata": METADATA})
    path = f"/api/chats/{made.json['id']}"

    assert made.status == 201
    assert set(made.json) == {"id", "name", "metadata", "created_at"}
    assert (made.json["name"], made.json["metadata"]) == ("Kitchen", METADATA)
    assert server.ask("POST", f"{path}/participants", {"participant_ids": ["bob", "alice", "bob"]}).status == 200
    assert server.ask("GET", path).json == {**made.json, "participants": ["alice", "bob"]}

    assert server.ask("DELETE", path).status == 204
    assert server.ask("GET", path).status == 404
    assert server.ask("DELETE", path).status == 404
    assert server.ask("POST", f"{path}/participants", {"participant_ids": ["bob"]}).status == 404


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"soup?", id="not JSON"),
        pytest.param(b"[" * 900_000, id="nested without end"),
        pytest.param(b'{"name":"\xff","created_by":"alice"}', id="invalid UTF-8"),
        pytest.param(b'{"name":"\\ud800","created_by":"alice"}', id="a lone surrogate"),
        pytest.param(b'{"name":"a","created_by":"b","metadata":{"x":NaN}}', id="NaN"),
        pytest.param({"name": "<script>alert(1)</script>" * 9, "created_by": "alice"}, id="an over-long name"),
        pytest.param({"name": "Kitchen"}, id="nobody who made it"),
    ],
)
@pytest.mark.parametrize("path", ["/api/chats", "/api/chats/{}/participants"])
def test_a_bad_body_is_answered_with_the_reason(server: Server, path: str, body: object) -> None:
    answer = server.ask("POST", path.format(server.make_room()), body)

    assert answer.status == 400
    assert_is_error(answer)


def test_a_body_that_is_too_large_is_read_and_refused(server: Server) -> None:
    answer = server.ask("POST", "/api/chats", {**KITCHEN, "metadata": {"x": "x" * 3_000_000}})

    assert answer.status == 413
    assert_is_error(answer)


def test_a_body_of_another_type_is_refused(server: Server) -> None:
    answer = server.ask("POST", "/api/chats", KITCHEN, content_type="application/x-www-form-urlencoded")

    assert answer.status == 415
    assert_is_error(answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/chats/room123", 404),
        ("GET", "/api/chats/%3Cscript%3E", 404),
        ("GET", "/api/chats/'%20OR%201=1", 404),
        ("DELETE", "/api/chats/CHAT_ID", 404),
        ("PUT", "/api/chats", 405),
        ("POST", "/health", 405),
        ("GET", "/api/chats/ws/room123", 400),
    ],
)
def test_unknown_paths_are_answered_in_json(server: Server, method: str, path: str, status: int) -> None:
    answer = server.ask(method, path)

    assert answer.status == status
    assert_is_error(answer)


def test_405_names_the_allowed_methods(server: Server) -> None:
    assert "POST" in server.ask("PUT", "/api/chats").headers["Allow"]


def test_the_server_is_healthy(server: Server) -> None:
    assert server.ask("GET", "/health").status == 200


def assert_is_error(answer: Answer) -> None:
    assert answer.headers["Content-Type"] == "application/json"
    error = json.loads(answer.body)
    assert set(error) == {"error"}
    assert not any(word in error["error"] for word in ("Traceback", "script", "surrogate '"))
