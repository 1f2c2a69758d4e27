"""A front as staging environments have it: it terminates TLS and requires a token."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from roomproof.client.tls import TlsLink

TOKEN = "Bearer s3cret"
"""The value of Authorization that every request and every handshake must carry."""


def certified(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return a CA file, and the TLS context of a server on localhost with its key."""
    authority, file = trustme.CA(), folder / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    return file, tls


@contextlib.contextmanager
def front(behind: str, tls: ssl.SSLContext) -> Iterator[str]:
    """Run a front before the server at this URL. Yields the https URL of the front."""
    parts = urlsplit(behind)
    with socket.create_server(("127.0.0.1", 0), backlog=200) as listener:
        address = (parts.hostname or "", parts.port or 80)
        threading.Thread(target=_serve, args=(listener, address, tls), daemon=True).start()
        yield f"https://localhost:{listener.getsockname()[1]}"


def _serve(listener: socket.socket, address: tuple[str, int], tls: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # the listener is closed
        threading.Thread(target=_pass_on, args=(client, address, tls), daemon=True).start()


def _pass_on(client: socket.socket, address: tuple[str, int], tls: ssl.SSLContext) -> None:
    with contextlib.suppress(OSError), contextlib.closing(TlsLink(tls.wrap_socket(client, server_side=True))) as secure:
        head = b""
        while b"\r\n\r\n" not in head and (data := secure.recv(65_536)):
            head += data
        if f"authorization: {TOKEN}".encode().lower() not in head.lower():
            secure.sendall(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            secure.shutdown(socket.SHUT_WR)
            while secure.recv(65_536):
                pass  # closing with data unread would reset the link and cost the client its answer
            return
        with socket.create_connection(address) as server:
            server.sendall(head)
            back = threading.Thread(target=_pump, args=(server, secure), daemon=True)
            back.start()
            _pump(secure, server)
            back.join()


def _pump(source: socket.socket | TlsLink, sink: socket.socket | TlsLink) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
