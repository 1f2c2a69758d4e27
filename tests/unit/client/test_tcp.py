"""Clients try all addresses of a host, and blame no server for this machine."""

import errno
import os
import socket
import ssl
from collections.abc import Callable
from typing import Any, cast

import pytest

from roomproof.client import tcp
from roomproof.client.connection import ClientConnection
from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError, local_trouble, open_tcp
from roomproof.dialects.session import Session, UserRow
from roomproof.history import Refused
from roomproof.load.transport.socket import RefusedError, connect
from roomproof.recorder import Recorder
from tests.unit.client.answering import answering

Status = Callable[[Target], int | None]


def status_of_request(target: Target) -> int | None:
    return Http(target).request("POST", "/api/chats", {}).status


def status_of_handshake(target: Target, *, reads: bool = True) -> int | None:
    connection = ClientConnection(target, Recorder(), "kitchen", "alice")
    assert not connection.open(reads=reads, source=next(iter(target.source_addresses), None))
    assert connection.refused is not None
    return connection.refused.status


def status_of_deaf_handshake(target: Target) -> int | None:
    return status_of_handshake(target, reads=False)


def status_of_load(target: Target) -> int | None:
    source = next(iter(target.source_addresses), None)
    with pytest.raises(RefusedError) as refused:
        connect(target, Session("kitchen", UserRow("alice")), cast(Any, None), source=source)
    return refused.value.status


ways = pytest.mark.parametrize(
    "status_of",
    [
        pytest.param(status_of_request, id="an HTTP request"),
        pytest.param(status_of_handshake, id="a handshake"),
        pytest.param(status_of_deaf_handshake, id="a handshake of somebody who does not read"),
        pytest.param(status_of_load, id="a handshake of the load generator"),
    ],
)


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what other tests resolved."""
    monkeypatch.setattr(tcp, "_resolved", {})
    monkeypatch.setattr(tcp, "_answered", {})


@pytest.fixture
def both_families(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names that were looked up.

    Each has the address ::1 first, then 127.0.0.1, as in Debian's /etc/hosts.
    """
    looked_up: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[object, ...]]:
        looked_up.append(host)
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", port, 0, 0)),
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return looked_up


@ways
@pytest.mark.usefixtures("both_families")
def test_a_second_address_is_tried(status_of: Status) -> None:
    with answering() as server:
        assert status_of(Target(f"http://localhost:{server.port}")) == 403


def test_a_name_is_looked_up_once(both_families: list[str]) -> None:
    with answering() as server:
        for _ in range(3):
            status_of_request(Target(f"http://localhost:{server.port}"))

    assert both_families == ["localhost"]


@pytest.mark.usefixtures("both_families")
def test_an_address_of_another_family_is_left_out() -> None:
    with answering() as server, open_tcp("localhost", server.port, ("127.0.0.5", 0), 5) as link:
        assert link.getsockname()[0] == "127.0.0.5"


@ways
def test_a_name_that_does_not_resolve_is_trouble(status_of: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", fail)

    with pytest.raises(LocalTroubleError, match=r"resolve the name 'chat.example', got .*Temporary failure"):
        status_of(Target("http://chat.example"))


@pytest.mark.parametrize("status_of", [status_of_handshake, status_of_load])
def test_a_foreign_source_address_is_trouble(status_of: Status) -> None:
    with answering() as server, pytest.raises(LocalTroubleError, match=r"from 192.0.2.1, got .*; set source_addresses"):
        status_of(Target(f"http://127.0.0.1:{server.port}", source_addresses=("192.0.2.1",)))


@ways
@pytest.mark.parametrize("number", [errno.EMFILE, errno.EACCES, errno.EPERM, errno.ENETUNREACH, errno.EADDRNOTAVAIL])
def test_an_error_of_this_machine_is_trouble(status_of: Status, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    with answering() as server:
        monkeypatch.setattr(tcp, "_connect", fail)
        with pytest.raises(LocalTroubleError, match=f"{os.strerror(number)} on this machine; "):
            status_of(Target(f"http://127.0.0.1:{server.port}"))


@ways
def test_an_unknown_authority_is_trouble(status_of: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ssl.SSLCertVerificationError(1, "certificate verify failed: unable to get local issuer certificate")

    monkeypatch.setattr(ssl.SSLContext, "wrap_socket", fail)

    with answering() as server, pytest.raises(LocalTroubleError, match=r"untrusted certificate: .*set --ca"):
        status_of(Target(f"https://127.0.0.1:{server.port}"))


@pytest.mark.parametrize("status_of", [status_of_handshake, status_of_deaf_handshake, status_of_load])
def test_an_error_of_the_library_is_trouble(status_of: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TypeError("a bug of the library")

    monkeypatch.setattr("websocket._handshake._get_handshake_headers", fail)

    with answering() as server, pytest.raises(LocalTroubleError, match="TypeError: a bug of the library"):
        status_of(Target(f"http://127.0.0.1:{server.port}"))


@pytest.mark.parametrize("status_of", [status_of_handshake, status_of_deaf_handshake, status_of_load])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"", id="no answer"),
        pytest.param(b"soup\r\n\r\n", id="garbage"),
        pytest.param(b"HTTP/1.1 soup\r\n\r\n", id="a status that is no number"),
        pytest.param(b"\xff\xfe\r\n\r\n", id="bytes that are no text"),
    ],
)
def test_a_bad_answer_is_the_servers(status_of: Status, answer: bytes) -> None:
    with answering(answer) as server:
        assert status_of(Target(f"http://127.0.0.1:{server.port}")) is None


@pytest.mark.parametrize("status_of", [status_of_handshake, status_of_load])
def test_a_closed_port_is_the_servers(status_of: Status) -> None:
    with answering() as server:
        pass

    assert status_of(Target(f"http://127.0.0.1:{server.port}")) is None


def test_a_closed_port_leaves_a_request_without_answer() -> None:
    with answering() as server:
        pass

    with pytest.raises(UnreachableError, match=r"no connection: .*refused"):
        status_of_request(Target(f"http://127.0.0.1:{server.port}"))


def test_trouble_records_no_refusal() -> None:
    recorder = Recorder()
    connection = ClientConnection(Target("http://127.0.0.1:9"), recorder, "kitchen", "alice")

    with pytest.raises(LocalTroubleError):
        connection.open(source="192.0.2.1")

    assert connection.refused is None
    assert not any(isinstance(event, Refused) for event in recorder.events())


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionResetError(errno.ECONNRESET, "reset")])
def test_what_the_server_does_is_no_trouble(error: OSError) -> None:
    assert local_trouble("connect", error) is None
