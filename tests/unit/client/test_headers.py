"""Headers that are asked for go out once, in every request and handshake."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest

from roomproof.client.connection import ClientConnection
from roomproof.client.http import Http
from roomproof.client.target import RESERVED_HEADERS, Target, UsageError
from roomproof.client.target_file import read_target
from roomproof.dialects.session import Session, UserRow
from roomproof.load.transport.socket import RefusedError, connect
from roomproof.recorder import Recorder
from tests.unit.client.answering import answering


def request(target: Target) -> None:
    Http(target).request("POST", "/api/chats", {"name": "Kitchen"})


def shake_hands(target: Target) -> None:
    ClientConnection(target, Recorder(), "kitchen", "alice").open()


def shake_hands_deaf(target: Target) -> None:
    ClientConnection(target, Recorder(), "kitchen", "alice").open(reads=False)


def shake_hands_under_load(target: Target) -> None:
    with pytest.raises(RefusedError):
        connect(target, Session("kitchen", UserRow("alice")), cast(Any, None), source=None)


@pytest.mark.parametrize("send", [request, shake_hands, shake_hands_deaf, shake_hands_under_load])
@pytest.mark.parametrize(
    "line",
    [
        "Host: chat.example",
        "host: chat.example:8443",
        "User-Agent: soup/1.0",
        "user-agent: soup/1.0",
        "Origin: https://chat.example",
        "Accept-Encoding: gzip",
        "content-type: application/json; charset=utf-8",
        "Cookie: a=b",
        "Sec-WebSocket-Protocol: soup",
        "X-Team: kitchen",
    ],
)
def test_a_header_goes_out_once(send: Callable[[Target], None], line: str) -> None:
    with answering() as server:
        send(read_target(f"http://127.0.0.1:{server.port}", headers=[line]))

        name, _, value = line.partition(": ")
        assert [sent.partition(": ")[2] for sent in server.lines(name)] == [value]


@pytest.mark.parametrize("send", [request, shake_hands, shake_hands_under_load])
def test_the_last_of_two_cases_of_a_name_goes_out(send: Callable[[Target], None], tmp_path: Path) -> None:
    with answering() as server:
        file = tmp_path / "target.toml"
        file.write_text(f'url = "http://127.0.0.1:{server.port}"\n[headers]\nhost = "old.example"\nx-team = "old"\n')
        send(read_target(str(file), headers=["Host: chat.example", "X-Team: a", "x-TEAM: new"]))

        assert server.lines("host") == ["Host: chat.example"]
        assert server.lines("x-team") == ["x-TEAM: new"]


def test_a_forwarded_address_replaces_a_header() -> None:
    target = Target("http://h", headers={"x-forwarded-for": "10.0.0.1"}, forwarded_addresses=("10.0.0.2",))

    assert target.headers_of("10.0.0.2") == {"X-Forwarded-For": "10.0.0.2"}


@pytest.mark.parametrize("name", sorted(RESERVED_HEADERS))
def test_a_header_that_breaks_the_protocol_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="leave HTTP and the handshake intact"):
        read_target("http://h", headers=[f"{name.title()}: soup"])


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        pytest.param('upgrade = "h2c"', "intact", id="one that breaks the protocol"),
        pytest.param('X-Team = "a\\nb: c"', "printable", id="one of two lines"),
        pytest.param('"X Team" = "a"', "a name of letters", id="a name with a space"),
        pytest.param('Host = ""', "Host header with a value", id="an empty host"),
    ],
)
def test_a_header_of_a_file_is_refused(tmp_path: Path, line: str, complaint: str) -> None:
    file = tmp_path / "target.toml"
    file.write_text(f'url = "http://h"\n[headers]\n{line}\n')

    with pytest.raises(UsageError, match=complaint):
        read_target(str(file))
