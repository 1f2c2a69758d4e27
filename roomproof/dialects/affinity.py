"""Affinity: what a front goes by to send a client to one instance again and again."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from roomproof.dialects.place import Place
from roomproof.headers import RESERVED_HEADERS, TOKEN, is_header_value

CLIENTS = tuple(f"roomproof-{number}" for number in range(1, 21))
"""The clients of a run where a front goes by a cookie or a header.

A front that chooses one of two instances by chance sends all of them to one instance once in 500,000 runs.
"""

OTHER_HEADERS = frozenset({"host", "cookie", "origin", "content-type", "x-forwarded-for"})
"""Headers besides the reserved ones whose value Roomproof cannot choose freely for each client."""

COOKIE_ATTRIBUTES = frozenset(
    {"path", "domain", "expires", "max-age", "secure", "httponly", "samesite", "partitioned", "priority"}
)
"""The names in Set-Cookie that are no names of cookies (RFC 6265, and its successors)."""


NO_AGE = re.compile(r"0+|-\d+")
"""The values of Max-Age that remove a cookie."""


class AffinityKind(StrEnum):
    """The kinds of affinity."""

    ADDRESS = "address"
    COOKIE = "cookie"
    HEADER = "header"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Affinity:
    """A kind of affinity, and the name of the cookie or header."""

    kind: AffinityKind = AffinityKind.ADDRESS
    name: str = ""

    def __str__(self) -> str:
        """As in a target file."""
        return f"{self.kind}:{self.name}" if self.name else str(self.kind)

    @property
    def has_names(self) -> bool:
        """Whether clients have names of ours, and no addresses."""
        return self.kind in (AffinityKind.COOKIE, AffinityKind.HEADER)

    def check_unclaimed(self, headers: Iterable[str], cookies: Collection[str], place: Place) -> None:
        """Raise UsageError if a target sends the cookie or header of that name by itself."""
        is_header = self.kind is AffinityKind.HEADER and self.name.lower() in {name.lower() for name in headers}
        if is_header or (self.kind is AffinityKind.COOKIE and self.name in cookies):
            advice = "leave it out there, Roomproof sends it for each client"
            raise place.wrong(f"a {self.kind} that nothing else sends", repr(self.name), advice)


ADDRESS = Affinity()
"""Clients are told apart by their addresses."""

NO_AFFINITY = Affinity(AffinityKind.NONE)
"""A client can reach another instance each time."""


def read_affinity(text: str, place: Place) -> Affinity:
    """Read an affinity like `cookie:route`. Raises UsageError."""
    kind, separator, name = text.partition(":")
    advice = "name what the front goes by"
    if kind not in set(AffinityKind) or (kind in ("cookie", "header")) != bool(separator):
        raise place.wrong('"address", "cookie:NAME", "header:NAME" or "none"', repr(text), advice)
    if separator and not TOKEN.fullmatch(name):
        raise place.wrong(f"the name of a {kind} (letters, digits and !#$%&'*+-.^_`|~)", repr(text), advice)
    if name.lower() in {"cookie": COOKIE_ATTRIBUTES, "header": RESERVED_HEADERS | OTHER_HEADERS}.get(kind, ()):
        raise place.wrong(f"a {kind} that can have another value for each client", repr(text), advice)
    return Affinity(AffinityKind(kind), name)


def served_by(upstream: str | None) -> str | None:
    """The instance that served, from an X-Upstream header: the last of those tried."""
    return re.split(r"(?:,| :) ", upstream)[-1] if upstream else None


def cookie_in(lines: Iterable[str], name: str) -> str | None:
    """Return the last value that Set-Cookie headers give a cookie.

    It is empty if they remove the cookie, and None if they do not name it. A line can hold several cookies.
    """
    found: str | None = None
    is_ours = False
    for part in (part.strip() for line in lines for part in line.split(";")):
        key, _, value = part.partition("=")
        if key.strip().lower() not in COOKIE_ATTRIBUTES:
            is_ours = key.strip() == name
            if is_ours and is_header_value(value):
                found = value.strip()
        elif is_ours and key.strip().lower() == "max-age" and NO_AGE.fullmatch(value.strip()):
            found = ""
    return found


def cookie_names(headers: Mapping[str, str]) -> list[str]:
    """Return the names of the cookies in the headers of a request."""
    cookies = "; ".join(value for name, value in headers.items() if name.lower() == "cookie")
    return [one.partition("=")[0].strip() for one in cookies.split(";")]


def with_cookie(headers: dict[str, str], name: str, value: str) -> dict[str, str]:
    """Return the headers with another cookie, beside those that they have."""
    key = next((key for key in headers if key.lower() == "cookie"), "Cookie")
    return {**headers, key: "; ".join(filter(None, (headers.get(key, ""), f"{name}={value}")))}
