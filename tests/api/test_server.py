"""The reference server answers as the documents for tools say."""

import json
from collections.abc import Iterator

import pytest

from reference_server import bodies, frames
from reference_server.bodies import BodyError
from reference_server.frames import BadFrame
from tests.api.documents import ASYNCAPI, OPENAPI, check, fits
from tests.server.process import Server, running

ROOM = {"name": "Kitchen", "created_by": "alice", "metadata": {"floor": [2, None]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as one:
        yield one


def test_answers_over_http_fit_openapi(server: Server) -> None:
    made = server.ask("POST", "/api/chats", ROOM).json
    check(OPENAPI, "Room", made)
    path = f"/api/chats/{made['id']}"

    assert server.ask("POST", f"{path}/participants", {"participant_ids": ["bob"]}).status == 200
    check(OPENAPI, "FetchedRoom", server.ask("GET", path).json)
    server.connect(made["id"], "bob")
    check(OPENAPI, "Statistics", server.ask("GET", "/api/chats/ws/stats").json)
    assert server.ask("GET", "/health").status == 200
    assert server.ask("DELETE", path).status == 204


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/api/chats", b"soup"),
        ("post", "/api/chats", {"name": 7}),
        ("get", "/api/chats/{id}", None),
        ("delete", "/api/chats/{id}", None),
        ("post", "/api/chats/{id}/participants", {"participant_ids": ["bob"]}),
        ("post", "/api/chats/{id}/participants", {"participant_ids": "bob"}),
    ],
)
def test_errors_over_http_are_in_openapi(server: Server, method: str, path: str, body: object) -> None:
    answer = server.ask(method.upper(), path.replace("{id}", "nowhere"), body)

    assert str(answer.status) in OPENAPI["paths"][path][method]["responses"]
    check(OPENAPI, "Error", answer.json)


def test_a_body_of_another_type_is_in_openapi(server: Server) -> None:
    answer = server.ask("POST", "/api/chats", ROOM, content_type="text/plain")

    assert str(answer.status) in OPENAPI["paths"]["/api/chats"]["post"]["responses"]


def test_frames_of_a_server_fit_asyncapi(server: Server) -> None:
    chat_id = server.make_room()
    alice = server.connect(chat_id, "alice")
    bob = server.connect(chat_id, "bob")

    check(ASYNCAPI, "notice", alice.hears())
    alice.say("soup is ready")
    check(ASYNCAPI, "message", bob.hears())
    bob.socket.send("soup?")
    check(ASYNCAPI, "error", bob.hears())
    bob.socket.send('{"type":"ping"}')
    check(ASYNCAPI, "pong", bob.hears())


@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"message","content":"soup"}',
        '{"type":"message","content":""}',
        '{"type":"message","content":7}',
        '{"type":"message"}',
        '{"type":"ping"}',
        '{"type":"soup"}',
        '{"content":"soup"}',
        "[]",
        "null",
    ],
)
def test_the_server_takes_the_frames_that_asyncapi_allows(frame: str) -> None:
    value = json.loads(frame)
    is_allowed = fits(ASYNCAPI, "say", value) or fits(ASYNCAPI, "ping", value)

    assert isinstance(frames.decode(frame), BadFrame) is not is_allowed


@pytest.mark.parametrize(
    "body",
    [
        ROOM,
        {"name": "Kitchen", "created_by": "alice"},
        {"name": "Kitchen", "created_by": "alice", "metadata": []},
        {"name": "", "created_by": "alice"},
        {"name": 7, "created_by": "alice"},
        {"created_by": "alice"},
        {"name": "Kitchen"},
        [],
    ],
)
def test_the_server_takes_the_rooms_that_openapi_allows(body: object) -> None:
    try:
        bodies.new_chat(json.dumps(body).encode())
        is_taken = True
    except BodyError:
        is_taken = False

    assert is_taken is fits(OPENAPI, "NewRoom", body)
