"""test-websocket-complete.sh, and the commands that it prints."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.conftest import require
from tests.listening import PATIENCE, REFERENCE, ROOT, in_threads, listening
from tests.terminal import terminal

SCRIPT = ROOT / "test-websocket-complete.sh"
TOOLS = ("bash", "curl", "tr", "cut", "cat")
"""Programs that the script always needs."""


@pytest.fixture(scope="module")
def port() -> Iterator[str]:
    """The port of a reference server on 127.0.0.1."""
    require("curl", "apt-get install curl")
    with listening(*REFERENCE) as url:
        yield url.rpartition(":")[2]


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """A function that returns the environment of a machine with only these programs."""

    def with_programs(*programs: str) -> dict[str, str]:
        for program in programs:
            if program == "python3":  # a link to that of a virtual environment would not find its packages
                (tmp_path / program).write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
                (tmp_path / program).chmod(0o755)
            else:
                beside = Path(sys.executable).parent / program
                found = beside if beside.exists() else require(program, f"apt-get install {program}")
                (tmp_path / program).symlink_to(found)
        return {"PATH": str(tmp_path)}

    return with_programs


def run(*arguments: str, environment: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [shutil.which("bash") or "bash", SCRIPT, *arguments],
        env=environment or {**os.environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@pytest.mark.parametrize(
    ("programs", "client"),
    [
        pytest.param(("jq", "websocat"), "websocat ", id="websocat and jq"),
        pytest.param(("python3", "websocat"), "websocat ", id="websocat without jq"),
        pytest.param(("python3",), "python3 -c ", id="Python only"),
    ],
)
def test_three_terminals_talk_by_the_printed_commands(
    port: str, machine: Callable[..., dict[str, str]], programs: tuple[str, ...], client: str
) -> None:
    environment = machine(*TOOLS, *programs)
    printed = run("127.0.0.1", port, environment=environment)
    assert (printed.returncode, printed.stderr) == (0, "")
    lines = printed.stdout.splitlines()
    commands = [line for line in lines if line.startswith(client)]
    assert len(commands) == 3, printed.stdout
    (message,) = (line for line in lines if line.startswith("{"))
    (stats,) = (line for line in lines if line.startswith("curl "))

    with contextlib.ExitStack() as stack:
        alice, bob, charlie = (stack.enter_context(terminal(command, environment)) for command in commands)
        for person in (alice, bob, charlie):
            person.types('{"type":"message","content":"here"}')
            while person.shows_message()["content"] != "here":
                pass
        charlie.types(message)
        for person in (alice, bob, charlie):
            frame = person.shows_message()
            while frame["content"] != "Hello everyone!":
                frame = person.shows_message()
            assert frame["sender_id"] == "charlie"
        counted = subprocess.run(["bash", "-c", stats], env=environment, capture_output=True, text=True, check=True)
        assert json.loads(counted.stdout)["active_rooms"] == [frame["chat_id"]]
        charlie.presses_ctrl_d()
        while "charlie left" not in alice.shows()["content"]:
            pass


def test_the_room_has_three_participants(port: str) -> None:
    printed = run("127.0.0.1", port).stdout
    chat_id = printed.split()[1]
    shown = subprocess.run(
        ["curl", "-s", f"http://127.0.0.1:{port}/api/chats/{chat_id}"], capture_output=True, text=True, check=True
    )

    assert json.loads(shown.stdout)["participants"] == ["alice", "bob", "charlie"]


def test_shellcheck_has_no_complaints() -> None:
    checked = subprocess.run(
        [require("shellcheck", "apt-get install shellcheck"), SCRIPT], capture_output=True, text=True, check=False
    )

    assert checked.stdout == ""


def test_help_names_the_arguments() -> None:
    shown = run("--help")

    assert shown.returncode == 0
    assert shown.stdout.startswith("usage: ./test-websocket-complete.sh [HOST [PORT]]")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["a", "1", "b"], "expected at most HOST and PORT", id="too many"),
        pytest.param(["localhost", "http"], "expected PORT from 1 to 65535, not 'http'", id="no port"),
        pytest.param(["localhost", "0"], "expected PORT from 1 to 65535, not '0'", id="port 0"),
        pytest.param(["http://localhost"], "expected HOST as a name or an address", id="a URL"),
        pytest.param(["localhost:8000"], "PORT behind it, not 'localhost:8000'", id="host and port in one"),
        pytest.param(["--host"], "expected HOST as a name or an address", id="an option"),
        pytest.param(["a'b$(id)"], "expected HOST as a name or an address", id="shell code"),
    ],
)
def test_bad_arguments_are_explained(arguments: list[str], message: str) -> None:
    refused = run(*arguments)

    assert refused.returncode == 2
    assert message in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


def test_a_missing_server_is_explained() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = str(reserved.getsockname()[1])
        refused = run("127.0.0.1", port)

    assert refused.returncode == 1
    assert f"nobody listens on http://127.0.0.1:{port}: start the server" in refused.stderr


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        pytest.param(404, b"<h1>Welcome\x1b[2J</h1>", "answered 404 where POST /api/chats", id="another web server"),
        pytest.param(503, b'{"error":"the store is away"}', "2xx: the store is away", id="a chat server in trouble"),
        pytest.param(200, b"hello", "is no chat server: expected a JSON object with the id", id="no JSON"),
        pytest.param(200, b"[1]", "is no chat server", id="an array"),
        pytest.param(201, b'{"id":7}', "is no chat server", id="an id that is no string"),
        pytest.param(201, b'{"id":"\'; touch /tmp/x; \'"}', "is no chat server", id="an id with shell code"),
    ],
)
@pytest.mark.parametrize("reader", ["jq", "python3"])
def test_another_answer_is_explained(
    machine: Callable[..., dict[str, str]], reader: str, status: int, body: bytes, message: str
) -> None:
    with answering(status, body) as port:
        refused = run("127.0.0.1", port, environment=machine(*TOOLS, reader))

    assert refused.returncode == 1
    assert message in refused.stderr
    assert refused.stderr.rstrip("\n").isprintable()
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        pytest.param(("bash", "jq"), "curl is missing: apt-get install curl", id="curl"),
        pytest.param(("bash", "curl"), "jq and python3 are both missing", id="jq and python3"),
    ],
)
def test_a_missing_program_is_named(
    machine: Callable[..., dict[str, str]], programs: tuple[str, ...], message: str
) -> None:
    refused = run(environment=machine(*programs))

    assert refused.returncode == 1
    assert message in refused.stderr


@contextlib.contextmanager
def answering(status: int, body: bytes) -> Iterator[str]:
    """Run a server that gives this answer to every POST. Yields its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with in_threads(Answer) as address:
        yield address.rpartition(":")[2]
