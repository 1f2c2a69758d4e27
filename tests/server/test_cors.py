"""The CORS headers of preflights and of all other answers."""

import pytest

from tests.server.process import Server

KITCHEN = {"name": "Kitchen", "created_by": "alice"}


@pytest.mark.parametrize("origin", ["null", "https://elsewhere.example"])
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/chats"), ("POST", "/api/chats/{}/participants"), ("DELETE", "/api/chats/{}")]
)
def test_a_preflight_is_allowed(server: Server, origin: str, method: str, path: str) -> None:
    answer = server.http.request(
        "OPTIONS",
        server.url + path.format("room123"),
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type",
        },
    )

    assert 200 <= answer.status < 300
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert answer.headers["Access-Control-Allow-Headers"] == "Content-Type"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        pytest.param("POST", "/api/chats", KITCHEN, 201, id="a new room"),
        pytest.param("POST", "/api/chats", b"soup?", 400, id="a bad body"),
        pytest.param("POST", "/api/chats/room123/participants", {"participant_ids": ["bob"]}, 404, id="no such room"),
        pytest.param("DELETE", "/api/chats/room123", None, 404, id="nothing to delete"),
        pytest.param("GET", "/api/chats/ws/stats", None, 200, id="stats"),
        pytest.param("GET", "/nowhere", None, 404, id="a path that leads nowhere"),
        pytest.param("PUT", "/api/chats", None, 405, id="another method"),
    ],
)
def test_every_answer_may_be_read(server: Server, method: str, path: str, body: object, status: int) -> None:
    answer = server.ask(method, path, body)

    assert answer.status == status
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Access-Control-Expose-Headers"] == "X-Upstream"


def test_credentials_are_never_allowed(server: Server) -> None:
    assert "Access-Control-Allow-Credentials" not in server.ask("POST", "/api/chats", KITCHEN).headers
