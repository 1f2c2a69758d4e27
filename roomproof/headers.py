"""The headers that a user may have Roomproof send. Pure."""

import re

from roomproof.errors import UsageError

RESERVED_HEADERS = frozenset(
    {
        *("connection", "content-length", "expect", "keep-alive", "proxy-connection", "te", "trailer"),
        *("transfer-encoding", "upgrade", "sec-websocket-accept", "sec-websocket-extensions"),
        *("sec-websocket-key", "sec-websocket-version"),
    }
)
"""Headers that only Roomproof sends: any other value of them breaks HTTP or the handshake."""

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""The form of the name of a header (RFC 9110, section 5.6.2)."""


def check_header(name: str, value: str) -> None:
    """Raise UsageError for a header that cannot be sent. Its value is not repeated."""
    if not TOKEN.fullmatch(name) or not is_header_value(value):
        raise UsageError(
            "expected a header with a name of letters, digits and hyphens and a value of printable Latin-1, "
            f"got another one named {name!r} (its value is not repeated here)"
        )
    if name.lower() in RESERVED_HEADERS:
        raise UsageError(
            f"expected headers that leave HTTP and the handshake intact, got {name}; leave it out, Roomproof sends it"
        )
    if name.lower() == "host" and not value:
        raise UsageError("expected a Host header with a value, got an empty one; leave it out or name a host")


def is_header_value(value: str) -> bool:
    """Whether a header can have this value: printable Latin-1, so no line end."""
    return all(char.isprintable() and ord(char) < 256 for char in value)


def with_header(headers: dict[str, str], name: str, value: str) -> dict[str, str]:
    """Return the headers with another one.

    It replaces an earlier header of the same name in any case.
    """
    return {**{old: kept for old, kept in headers.items() if old.lower() != name.lower()}, name: value}
