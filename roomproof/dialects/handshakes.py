"""Handshakes: path, query, headers and cookies of a connection."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from roomproof.dialects.filling import filled, filled_headers, in_path
from roomproof.dialects.session import Session
from roomproof.dialects.template import Template, Values

_COOKIE = re.compile(r"[!#-+\--:<-\[\]-~]*")
"""The characters of a cookie's value (RFC 6265, section 4.1.1)."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The request of a handshake.

    `path` and `query` are percent-encoded. Both can hold secrets, and so can the headers.
    """

    path: str = field(repr=False)
    query: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None

    @property
    def target(self) -> str:
        """The path and the query, to follow the address of the server."""
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Handshakes:
    """How connections to a room are made.

    Parts of the query, headers and cookies are left out where a session lacks a placeholder of them.
    """

    path: Template
    query: Mapping[str, Template] = field(default_factory=dict)
    headers: Mapping[str, Template] = field(default_factory=dict)
    cookies: Mapping[str, Template] = field(default_factory=dict)
    subprotocols: tuple[str, ...] = ()
    origin: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The placeholders of all parts."""
        parts = [self.path, *self.query.values(), *self.headers.values(), *self.cookies.values()]
        return frozenset().union(*(part.names for part in parts))

    def handshake(self, session: Session) -> Handshake:
        """Return the handshake of a connection.

        Raises UsageError for a value that no header or cookie can have.
        """
        values = session.values
        headers = filled_headers(self.headers, values)
        if cookies := self._cookies(values):
            headers["Cookie"] = cookies
        path = self.path.text({**dict.fromkeys(self.path.names, ""), **values}, in_path)
        return Handshake(path, self._query(values), headers, self.subprotocols, self.origin)

    def _query(self, values: Values) -> str:
        pairs = filled(self.query, values)
        return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text, _ in pairs)

    def _cookies(self, values: Values) -> str:
        cookies = []
        for name, value, place in filled(self.cookies, values):
            if not _COOKIE.fullmatch(value):
                got = "another value (not repeated here)"
                raise place.wrong("a value for a cookie", got, "encode it in the file of the users")
            cookies.append(f"{name}={value}")
        return "; ".join(cookies)
