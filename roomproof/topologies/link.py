"""A TCP proxy between parts of a topology, which can be cut."""

import contextlib
import selectors
import socket
import threading

CHUNK = 65_536
"""Maximum number of bytes carried at a time."""


class TcpLink:
    """A link between two ports of the loopback address: it carries, is cut or stalls.

    Invariants, under the lock: a link that carries refuses nothing. `_ends` are the sockets of all its connections.
    """

    def __init__(self, listener: socket.socket, to: int) -> None:
        """Take over a listening socket; `to` is the port that it carries to."""
        self._listener = listener
        self._to = to
        self.port: int = listener.getsockname()[1]
        self._carries = True
        self._refuses = False
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()

    @classmethod
    def open(cls, to: int) -> "TcpLink":
        """Listen on a free port, and carry connections to the port `to`."""
        link = cls(socket.create_server(("127.0.0.1", 0), backlog=64), to)
        threading.Thread(target=link._serve, name=f"link to {to}", daemon=True).start()
        return link

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        with self._lock:
            self._carries, self._refuses = False, True
        self._end_all()

    def stall(self) -> None:
        """Carry nothing any more, and tell nobody."""
        with self._lock:
            self._carries, self._refuses = False, False

    def mend(self) -> None:
        """Carry again. Stalled data is lost, and its connections end."""
        with self._lock:
            self._end_all_locked()
            self._carries, self._refuses = True, False

    def close(self) -> None:
        """End the link and all its connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._end_all()

    def _end_all(self) -> None:
        with self._lock:
            self._end_all_locked()

    def _end_all_locked(self) -> None:
        ends, self._ends = self._ends, set()
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return  # the listener is closed
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            with self._lock:
                if self._refuses:
                    return
                self._ends.add(client)
                carries = self._carries
            try:
                if not carries:
                    self._swallow(client)
                    return
                with socket.create_connection(("127.0.0.1", self._to), timeout=5) as server:
                    server.settimeout(None)
                    with self._lock:
                        self._ends.add(server)
                    self._pump(client, server)
            finally:
                with self._lock:
                    self._ends.discard(client)

    def _swallow(self, client: socket.socket) -> None:
        while client.recv(CHUNK):
            pass

    def _pump(self, client: socket.socket, server: socket.socket) -> None:
        """Carry in both directions until one side ends, or the link is cut."""
        sinks = {client: server, server: client}
        try:
            with selectors.DefaultSelector() as ready:
                for end in sinks:
                    ready.register(end, selectors.EVENT_READ, sinks[end])
                while True:
                    for key, _ in ready.select():
                        data = key.fileobj.recv(CHUNK)  # type: ignore[union-attr]  # they are sockets
                        if not data:
                            return
                        if self._carries:
                            key.data.sendall(data)
        finally:
            with self._lock:
                self._ends.discard(server)
