"""A TCP connection that is read in large pieces."""

import socket

READ_AHEAD = 16_384
"""Number of bytes read at a time."""


class ReadAhead(socket.socket):
    """A TCP connection that is read in large pieces.

    The library reads the head of an answer byte by byte.
    """

    def __init__(self, link: socket.socket) -> None:
        timeout = link.gettimeout()
        super().__init__(fileno=link.detach())
        self.settimeout(timeout)
        self._ahead = b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Receive up to `size` bytes; none at the end."""
        if not self._ahead:
            self._ahead = super().recv(READ_AHEAD, flags)
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        return data
