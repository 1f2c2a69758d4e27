"""Reads the target that a command line names: a URL, or a TOML file."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from roomproof.client.service import Service
from roomproof.client.target import Target, parse_capabilities, parse_headers
from roomproof.client.users import users_of
from roomproof.dialects.affinity import cookie_names
from roomproof.dialects.format import KEYS
from roomproof.dialects.place import Place
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import Session
from roomproof.errors import UsageError
from roomproof.headers import with_header
from roomproof.spec.limits import ANSWER_S
from roomproof.spec.rules import Capability

FIRST_USER = "alice"

USERS = 50
"""Number of users from a file that a run of all scenarios needs."""


class _TargetFile(msgspec.Struct, forbid_unknown_fields=True):
    url: str
    capabilities: list[str] = []
    headers: dict[str, str] = {}
    ca: str | None = None
    source_addresses: list[str] = []
    forwarded_addresses: list[str] = []
    exclusive: bool = False


def is_target(word: str) -> bool:
    """Whether a word of a command line can only be a target: a URL or a TOML file."""
    return word.startswith(("http://", "https://")) or is_target_file(word)


def is_target_file(word: str) -> bool:
    """Whether a target is the path of a TOML file, and no URL."""
    return word.lower().endswith(".toml")


def read_target(
    text: str,
    *,
    capabilities: Iterable[str] = (),
    headers: Iterable[str] = (),
    ca: str | None = None,
    exclusive: bool = False,
    deadline: float = ANSWER_S,
    without: Iterable[str] = (),
    deflate: bool = False,
    users: int = USERS,
) -> Target:
    """Read the target that `text` names: a URL, or the path of a TOML file.

    A file of users must have that many `users`. The other arguments are added to the contents of the target file.
    Raises UsageError for any of them that is wrong.
    """
    file, tables = _read_file(text) if is_target_file(text) else (_TargetFile(url=text), {})
    dialect = read_dialect(tables, text if is_target_file(text) else "--without", without)
    merged: dict[str, str] = {}
    for name, value in [*file.headers.items(), *parse_headers(headers).items()]:
        merged = with_header(merged, name, value)
    target = Target(
        url=file.url.rstrip("/"),
        capabilities=parse_capabilities([*file.capabilities, *capabilities]),
        headers=merged,
        ca=ca or file.ca,
        source_addresses=tuple(file.source_addresses),
        forwarded_addresses=tuple(file.forwarded_addresses),
        exclusive=exclusive or file.exclusive,
        deadline=deadline,
        deflate=deflate,
        service=Service(dialect, users_of(dialect)),
    )
    if target.declares(Capability.PARTICIPANTS_ONLY) and dialect.rooms.add_request is None:
        raise UsageError(
            f"expected a way to add participants in {text}, which the capability participants-only needs, got none; "
            "write add in [room], or do not declare the capability"
        )
    _check_affinity(target, text)
    if target.is_tls or target.ca:
        target.tls()
    target.service.users.check(users)
    dialect.handshakes.handshake(Session("room", target.user(FIRST_USER)))  # raises for a value that cannot be sent
    return target


def _check_affinity(target: Target, text: str) -> None:
    """Raise UsageError for an affinity that contradicts the rest of the target."""
    place = Place(text, "affinity")
    target.affinity.check_unclaimed(target.headers, cookie_names(target.headers), place)
    if target.is_steered and target.declares(Capability.STICKY):
        advice = "declare pubsub, or name what the front goes by"
        raise place.wrong("an affinity for the capability sticky", "none", advice)


def read_text(path: str) -> str:
    """Return the text of a UTF-8 file, without a byte order mark."""
    return Path(path).read_text(encoding="utf-8-sig")


def _read_file(path: str) -> tuple[_TargetFile, dict[str, object]]:
    """Read a target file, and the tables of its dialect.

    Raises UsageError if it is missing or malformed.
    """
    try:
        tables = tomllib.loads(read_text(path))
        own = {key: value for key, value in tables.items() if key not in KEYS}
        return msgspec.convert(own, _TargetFile), {key: value for key, value in tables.items() if key in KEYS}
    except OSError as error:
        raise UsageError(f"cannot read the target file {path}: {error.strerror}; expected a path or a URL") from error
    except (ValueError, msgspec.ValidationError) as error:
        known = ", ".join((*_TargetFile.__struct_fields__, *sorted(KEYS)))
        raise UsageError(f"expected a target file with the keys {known}, got {path}: {error}") from error
