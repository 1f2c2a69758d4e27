"""Affinity: how a front chooses the instance of a client."""

from dataclasses import dataclass
from enum import StrEnum

from roomproof.dialects.place import Place
from roomproof.headers import TOKEN


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


ADDRESS = Affinity()
"""Clients are told apart by their addresses."""


def read_affinity(text: str, place: Place) -> Affinity:
    """Read an affinity like `cookie:route`. Raises UsageError."""
    kind, separator, name = text.partition(":")
    has_name = kind in ("cookie", "header")
    if kind not in set(AffinityKind) or has_name != bool(separator) or (has_name and not TOKEN.fullmatch(name)):
        expected = '"address", "cookie:NAME", "header:NAME" or "none"'
        raise place.wrong(expected, repr(text), "name what the front goes by")
    return Affinity(AffinityKind(kind), name)
