"""A link carries, is cut, stalls and is mended."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from roomproof.topologies.link import TcpLink


@pytest.fixture
def link() -> Iterator[TcpLink]:
    """A link to a server that sends back everything it receives."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_echo, args=(listener,), daemon=True).start()
        link = TcpLink.open(listener.getsockname()[1])
        yield link
        link.close()
        listener.shutdown(socket.SHUT_RDWR)


def _echo(listener: socket.socket) -> None:
    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(1024):
                client.sendall(data)

    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()


def client_of(link: TcpLink) -> socket.socket:
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def ask(client: socket.socket, word: bytes = b"hello") -> bytes:
    client.sendall(word)
    return client.recv(len(word))


def test_it_carries_both_ways(link: TcpLink) -> None:
    with client_of(link) as one, client_of(link) as other:
        assert (ask(one, b"one"), ask(other, b"other"), ask(one)) == (b"one", b"other", b"hello")


def test_what_is_cut_ends_and_cannot_be_connected(link: TcpLink) -> None:
    with client_of(link) as client:
        ask(client)
        link.cut()
        assert client.recv(1) == b""

    with client_of(link) as client, contextlib.suppress(ConnectionError):
        assert client.recv(1) == b""


def test_what_stalls_is_silent(link: TcpLink) -> None:
    with client_of(link) as before:
        ask(before)
        link.stall()
        with client_of(link) as after:
            for client in (before, after):
                client.sendall(b"hello?")
                client.settimeout(0.2)
                with pytest.raises(TimeoutError):
                    client.recv(1)


@pytest.mark.parametrize("fault", [TcpLink.cut, TcpLink.stall])
def test_what_is_mended_carries_again(link: TcpLink, fault: object) -> None:
    assert callable(fault)
    with client_of(link) as before:
        ask(before)
        fault(link)
        with contextlib.suppress(ConnectionError):
            before.sendall(b"lost")
        link.mend()
        with contextlib.suppress(ConnectionError):
            assert before.recv(1) == b""

    with client_of(link) as client:
        assert ask(client) == b"hello"
