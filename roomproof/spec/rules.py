"""The rules of PROTOCOL.md, parsed from the document itself.

A rule is a heading and the parts below it, in this order and form; only the requirement has to be there:

    ### REFUSE-3 · MUST · capability `fetch` · needs refusal, user-ids

    *Requirement.* A server MUST refuse a connection without `user_id`.

    *Exceptions.*

    - A server MAY refuse as in REFUSE-1 where the room does not exist, either.

    *Note.* An explanation that adds no obligation.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cache
from pathlib import Path


class Level(StrEnum):
    """How much a rule binds a server."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Capability(StrEnum):
    """Something beyond the minimum that a server can declare to have."""

    FETCH = "fetch"
    DELETE = "delete"
    HEALTH = "health"
    PING = "ping"
    HEARTBEAT = "heartbeat"
    TOTAL_ORDER = "total-order"
    HISTORY = "history"
    PRESENCE_PER_USER = "presence-per-user"
    PARTICIPANTS_ONLY = "participants-only"
    STICKY = "sticky"
    PUBSUB = "pubsub"


class Need(StrEnum):
    """Something that PROTOCOL.md presumes, and that another service might lack."""

    NOTICES = "notices"
    ECHO = "echo"
    SENDER = "sender"
    TIMESTAMPS = "timestamps"
    STATISTICS = "statistics"
    ROOMS = "rooms"
    PARTICIPANTS = "participants"
    REFUSAL = "refusal"
    ERRORS = "errors"
    BAD_FRAMES = "bad-frames"
    EXTRA_FIELDS = "extra-fields"
    USER_IDS = "user-ids"
    AFFINITY = "affinity"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, its texts on one line each.

    `capability` is None where the rule binds every server, and `note` is empty where the rule has none. `needs` is what
    a service must have for the rule to say anything about it.
    """

    id: str
    level: Level
    capability: Capability | None
    requirement: str
    exceptions: tuple[str, ...] = ()
    note: str = ""
    needs: frozenset[Need] = frozenset()

    def applies(self, capabilities: Collection[Capability], without: Collection[Need] = ()) -> bool:
        """Whether the rule binds a service with these capabilities that lacks some needs."""
        return (self.capability is None or self.capability in capabilities) and self.needs.isdisjoint(without)

    @property
    def family(self) -> str:
        """The rule family, in lower case: `deliver` for DELIVER-5."""
        return self.id.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Protocol:
    """A version of the protocol and its rules by id, in the order of the document."""

    version: str
    rules: dict[str, Rule]

    def why_unknown(self, name: str) -> str | None:
        """Return a sentence if there is no rule with this id, whatever its case, or None."""
        if name.upper() in self.rules:
            return None
        close = get_close_matches(name.upper(), self.rules, n=1)
        advice = f"do you mean {close[0]}?" if close else "see `roomproof rules`"
        return f"expected the id of a rule, got {name!r}; {advice}"


class ProtocolError(Exception):
    """PROTOCOL.md is malformed or missing, or lacks a rule that something cites."""


_VERSION = re.compile(r"^Version: (\S+)$", re.MULTILINE)
_RULE_LIKE = re.compile(r"### (?:[A-Z]+-\d|.* · )")
_HEADING = re.compile(r"### ([A-Z]+-\d+) · (MUST|SHOULD|MAY)(?: · capability `([a-z-]+)`)?(?: · needs ([a-z, -]+))?")
_EMPHASIS = re.compile(r"^(\*+[^*\n]+\*+\S*)", re.MULTILINE)
"""Emphasised words at the beginning of a line: in a rule, only the name of a part may stand so."""

_REQUIREMENT, _EXCEPTIONS, _NOTE = _PARTS = ("*Requirement.*", "*Exceptions.*", "*Note.*")


def parse(document: str) -> Protocol:
    """Read the version and the rules out of the text of PROTOCOL.md.

    Raises ProtocolError for a missing version, a malformed heading, an unknown capability, a repeated id, and for a
    rule that does not have the form shown at the head of this module.
    """
    version = _VERSION.search(document)
    if version is None:
        raise ProtocolError("PROTOCOL.md has no line 'Version: X'")
    rules: dict[str, Rule] = {}
    for section in re.split(r"^(?=#{2,3} )", document, flags=re.MULTILINE):
        heading, _, body = section.partition("\n")
        if not _RULE_LIKE.match(heading):
            continue
        rule = _rule(heading, body)
        if rule.id in rules:
            raise ProtocolError(f"rule {rule.id} stands twice in PROTOCOL.md")
        rules[rule.id] = rule
    return Protocol(version.group(1), rules)


def _rule(heading: str, body: str) -> Rule:
    match = _HEADING.fullmatch(heading)
    if match is None:
        raise ProtocolError(f"expected a rule heading like '### REFUSE-1 · MUST · capability `fetch`', got {heading!r}")
    rule_id, level, capability, needs = match.groups()
    if capability is not None and capability not in set(Capability):
        raise ProtocolError(f"rule {rule_id} names the unknown capability {capability!r}")
    parts = _parts(rule_id, body)
    if _REQUIREMENT not in parts:
        raise ProtocolError(f"rule {rule_id} has no requirement: expected '{_REQUIREMENT} ...' below its heading")
    return Rule(
        rule_id,
        Level(level),
        Capability(capability) if capability else None,
        _one_line(parts[_REQUIREMENT]),
        _items(rule_id, parts[_EXCEPTIONS]) if _EXCEPTIONS in parts else (),
        _one_line(parts.get(_NOTE, "")),
        _needs(rule_id, needs) if needs else frozenset(),
    )


def _needs(rule_id: str, text: str) -> frozenset[Need]:
    """Parse the needs of a rule, as in `refusal, user-ids`."""
    names = text.split(", ")
    if not set(names) <= set(Need) or len(set(names)) < len(names):
        raise ProtocolError(f"expected rule {rule_id} to need different ones of {', '.join(Need)}, got {text!r}")
    return frozenset(map(Need, names))


def _parts(rule_id: str, body: str) -> dict[str, str]:
    """Split the body of a rule into its parts by name, stripped of white space."""
    before, *named = _EMPHASIS.split(body)
    if before.strip():
        raise ProtocolError(f"expected rule {rule_id} to begin with {_REQUIREMENT}, got {_one_line(before)!r}")
    names, texts = named[::2], named[1::2]
    if names != [name for name in _PARTS if name in names]:
        raise ProtocolError(f"expected {', '.join(_PARTS)} in rule {rule_id}, in this order, got {', '.join(names)}")
    parts = {name: text.strip() for name, text in zip(names, texts, strict=True)}
    for name, text in parts.items():
        if not text:
            raise ProtocolError(f"rule {rule_id} has nothing below {name}")
    return parts


def _items(rule_id: str, text: str) -> tuple[str, ...]:
    """Split a bullet list into its items, whose further lines are indented by two."""
    items: list[str] = []
    for line in filter(str.strip, text.splitlines()):
        if line.startswith("- ") or line == "-":
            items.append(line[2:].strip())
        elif items and re.match(r"  [^ -]", line):
            items[-1] += f" {line.strip()}"
        else:
            raise ProtocolError(f"expected a flat list of exceptions in rule {rule_id}, got {line!r}")
    if not all(items):
        raise ProtocolError(f"rule {rule_id} has an empty exception")
    return tuple(items)


def _one_line(text: str) -> str:
    return " ".join(text.split())


@cache
def read_protocol() -> Protocol:
    """Return the protocol that this copy of Roomproof ships.

    PROTOCOL.md is inside the installed package, or beside the package in a checkout. Raises ProtocolError if the
    document is in neither place, or is malformed.
    """
    package = Path(__file__).parents[1]
    for path in (package / "PROTOCOL.md", package.parent / "PROTOCOL.md"):
        if path.is_file():
            return parse(path.read_text(encoding="utf-8"))
    raise ProtocolError(f"PROTOCOL.md is neither in {package} nor in {package.parent}: this installation is incomplete")
