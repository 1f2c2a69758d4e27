"""A server with a planted error: what its clients and its log see."""

from pathlib import Path

from tests.server.process import eventually, running

BROKEN_SERVER = """
import sys
from reference_server import frames, sqlite_store
from reference_server.__main__ import main

message = frames.message
def broken(content, *rest):
    if content == "boom":
        raise KeyError("the secret recipe")
    return message(content, *rest)
frames.message = broken

def unreadable(database, chat_id):
    raise OSError("the secret path")
sqlite_store._fetch = unreadable

sys.exit(main())
"""


def test_only_the_member_whose_handler_breaks_gets_1011(tmp_path: Path) -> None:
    with running(tmp_path, program=BROKEN_SERVER) as server:
        room = server.make_room()
        alice = server.connect(room, "alice")
        bob = server.connect(room, "bob")
        bob.say("before")
        bob.say("boom")

        assert bob.hears()["content"] == "before"
        assert bob.hears_close() == 1011
        alice.say("what was that?")
        heard = [alice.hears()["content"] for _ in range(4)]
        assert heard == ["bob joined the chat", "before", "bob left the chat", "what was that?"]

        eventually(lambda: "KeyError < " in server.log, "the crash is logged")
        lines = [line for line in server.log.splitlines() if "ERROR" in line]
        assert len(lines) == 1
        assert f"error chat={room} user='bob': KeyError < " in lines[0]
        assert "secret" not in server.log


def test_a_request_whose_handler_breaks_gets_500(tmp_path: Path) -> None:
    with running(tmp_path, program=BROKEN_SERVER) as server:
        answer = server.ask("GET", f"/api/chats/{server.make_room()}")

        assert answer.status == 500
        assert set(answer.json) == {"error"}
        assert b"secret" not in answer.body
        assert server.ask("GET", "/health").status == 200
        assert "error: OSError < " in server.log
        assert "secret" not in server.log
