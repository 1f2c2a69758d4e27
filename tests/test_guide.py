"""The guide's commands, word for word, with curl, jq and websocat.

The guide's service is at http://localhost, port 80. Where this test cannot listen there, `localhost` is followed by
another port, and nothing else in the commands differs.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import require
from tests.listening import PATIENCE, listening
from tests.terminal import Terminal, terminal


@contextlib.contextmanager
def server_of_the_guide() -> Iterator[str]:
    """Run a reference server on port 80, or on a free port, and yield its URL."""
    command = [sys.executable, "-m", "reference_server", "--host", "127.0.0.1", "--database", ":memory:", "--port"]
    with contextlib.ExitStack() as stack:
        try:  # checking beforehand would leave another test run time to take the port
            url = stack.enter_context(listening(*command, "80"))
        except AssertionError:
            url = stack.enter_context(listening(*command, "0"))
        yield url


@dataclass(frozen=True)
class Guide:
    """A reader of the guide: runs its commands."""

    port: int

    def _local(self, command: str) -> str:
        return command if self.port == 80 else command.replace("localhost/", f"localhost:{self.port}/")

    def runs(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of the guide to its end."""
        return subprocess.run(
            ["bash", "-c", self._local(command)],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    def opens(self, command: str) -> contextlib.AbstractContextManager[Terminal]:
        """Open a terminal that runs a command of the guide."""
        return terminal(self._local(command), environment())

    def makes_a_room(self) -> str:
        """Run step 1 of the guide, and return the id of the room."""
        answer = self.runs("""curl -X POST http://localhost/api/chats \\
  -H "Content-Type: application/json" \\
  -d '{"name":"Test Room","created_by":"alice"}'""")
        made: dict[str, object] = json.loads(answer.stdout)
        assert list(made) == ["id", "name", "metadata", "created_at"]
        assert (made["name"], made["metadata"]) == ("Test Room", {})
        return str(made["id"])


def environment() -> dict[str, str]:
    """Return an environment that first finds the websocat beside this Python."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def guide() -> Iterator[Guide]:
    for program in ("curl", "jq"):
        require(program, f"apt-get install {program}")
    assert (Path(sys.executable).parent / "websocat").exists(), "websocat comes with the extra 'dev' of this project"
    with server_of_the_guide() as url:
        yield Guide(int(url.rpartition(":")[2]))


def test_three_terminals_talk(guide: Guide) -> None:
    chat_id = guide.makes_a_room()
    added = guide.runs(f"""curl -X POST "http://localhost/api/chats/{chat_id}/participants" \\
  -H "Content-Type: application/json" \\
  -d '{{"participant_ids": ["alice", "bob", "charlie"]}}'""")
    assert "error" not in json.loads(added.stdout)

    with (
        guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=alice'") as alice,
        guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=bob'") as bob,
    ):
        # The terminal that connected first receives a join notice of the other.
        alice.types('{"type":"message","content":"am I in?"}')
        alice.shows_message()
        bob.types('{"type":"message","content":"me too"}')
        bob.shows_message()
        with guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=charlie'") as charlie:
            charlie.types('{"type":"message","content":"Hello everyone!"}')

            for person in (alice, bob, charlie):
                frame = person.shows_message()
                while frame["content"] != "Hello everyone!":
                    frame = person.shows_message()
                assert list(frame) == ["type", "content", "sender_id", "chat_id", "timestamp"]
                assert (frame["sender_id"], frame["chat_id"]) == ("charlie", chat_id)

            stats = json.loads(guide.runs("curl http://localhost/api/chats/ws/stats").stdout)
            assert stats.pop("instance"), "the name of the instance comes in addition to the keys of the guide"
            assert stats == {"total_connections": 3, "active_rooms": [chat_id], "rooms_count": 1}
            charlie.presses_ctrl_d()
        left = alice.shows()
        while left["content"] != "charlie left the chat":
            left = alice.shows()
        assert list(left) == ["type", "content", "chat_id", "timestamp"]
        assert left["type"] == "system"


def test_rooms_are_isolated(guide: Guide) -> None:
    ids = guide.runs("""
# Room 1
CHAT1=$(curl -s -X POST http://localhost/api/chats \\
  -H "Content-Type: application/json" \\
  -d '{"name":"Room 1","created_by":"alice"}' | jq -r '.id')

# Room 2
CHAT2=$(curl -s -X POST http://localhost/api/chats \\
  -H "Content-Type: application/json" \\
  -d '{"name":"Room 2","created_by":"bob"}' | jq -r '.id')

# Add participants
curl -X POST "http://localhost/api/chats/$CHAT1/participants" \\
  -H "Content-Type: application/json" \\
  -d '{"participant_ids": ["alice"]}'  >/dev/null 2>&1

curl -X POST "http://localhost/api/chats/$CHAT2/participants" \\
  -H "Content-Type: application/json" \\
  -d '{"participant_ids": ["bob"]}' >/dev/null 2>&1
echo "$CHAT1 $CHAT2"
""").stdout.split()
    assert len(set(ids)) == 2

    with (
        guide.opens(f'websocat "ws://localhost/api/chats/ws/{ids[0]}?user_id=alice"') as alice,
        guide.opens(f'websocat "ws://localhost/api/chats/ws/{ids[1]}?user_id=bob"') as bob,
    ):
        alice.types('{"type":"message","content":"Your message here"}')
        assert alice.shows_message()["content"] == "Your message here"
        bob.types('{"type":"message","content":"text here"}')

        assert bob.shows_message()["content"] == "text here", "bob received a message of the other room"


def test_a_room_that_does_not_exist_is_403(guide: Guide) -> None:
    refused = guide.runs("websocat 'ws://localhost/api/chats/ws/room123?user_id=alice' </dev/null")

    assert refused.returncode == 1
    assert "403" in refused.stderr


@pytest.mark.parametrize("bad_id", ["CHAT_ID", 'chat-7c53bb2ef816"'])
def test_an_impossible_id_is_closed_with_4004(guide: Guide, bad_id: str) -> None:
    refused = guide.runs(f"websocat -vv 'ws://localhost/api/chats/ws/{bad_id}?user_id=alice' </dev/null")

    assert "status_code: 4004" in refused.stderr


def test_the_wrong_message_format_is_explained(guide: Guide) -> None:
    chat_id = guide.makes_a_room()

    with guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=alice'") as alice:
        alice.types("Hello everyone!")
        frame = alice.shows()
        while frame["type"] != "error":
            frame = alice.shows()
        assert "JSON" in frame["content"]
        alice.types('{"type":"message","content":"text here"}')
        assert alice.shows_message()["content"] == "text here"
