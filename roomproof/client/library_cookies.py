"""Keeps the WebSocket library from storing cookies."""

from websocket import _handshake
from websocket._cookiejar import SimpleCookieJar


class _NoCookies(SimpleCookieJar):
    """A store of the library that keeps nothing."""

    def add(self, set_cookie: str | None) -> None:
        """Keep nothing."""


def share_no_cookies() -> None:
    """Keep the library from sending the cookies of one connection on another.

    It has one store for the whole process.
    """
    _handshake.CookieJar = _NoCookies()
