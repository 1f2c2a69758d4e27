"""The rules of PROTOCOL.md: ids, levels, capabilities and texts, parsed from its headings."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path


class Level(StrEnum):
    """How much a rule binds a server."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Capability(StrEnum):
    """What a server may declare to have."""

    FETCH = "fetch"
    DELETE = "delete"
    HEALTH = "health"
    PING = "ping"
    HEARTBEAT = "heartbeat"
    TOTAL_ORDER = "total-order"
    HISTORY = "history"
    PRESENCE_PER_USER = "presence-per-user"
    STICKY = "sticky"
    PUBSUB = "pubsub"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: `capability` is None where it binds every server."""

    id: str
    level: Level
    capability: Capability | None
    text: str

    @property
    def family(self) -> str:
        """The rule family, in lower case: `deliver` for DELIVER-5."""
        return self.id.partition("-")[0].lower()


@dataclass(frozen=True, slots=True)
class Protocol:
    """A version of the protocol and its rules by id, in the order of the document."""

    version: str
    rules: dict[str, Rule]


class ProtocolError(Exception):
    """PROTOCOL.md, or a reference to one of its rules, is not what it should be."""


_VERSION = re.compile(r"^Version: (\S+)$", re.MULTILINE)
_HEADING = re.compile(r"^### ([A-Z]+-\d+) · (MUST|SHOULD|MAY)(?: · capability `([a-z-]+)`)?$")


def parse(document: str) -> Protocol:
    """Read the version and the rules out of the text of PROTOCOL.md.

    Raises ProtocolError for a missing version, a malformed rule heading, an unknown capability or a repeated id.
    """
    version = _VERSION.search(document)
    if version is None:
        raise ProtocolError("PROTOCOL.md has no line 'Version: X'")
    rules: dict[str, Rule] = {}
    for section in re.split(r"^(?=#{2,3} )", document, flags=re.MULTILINE):
        heading, _, body = section.partition("\n")
        if not re.match(r"### [A-Z]+-\d", heading):
            continue
        match = _HEADING.match(heading)
        if match is None:
            raise ProtocolError(
                f"expected a rule heading like '### REFUSE-1 · MUST · capability `fetch`', got {heading!r}"
            )
        rule_id, level, capability = match.groups()
        if rule_id in rules:
            raise ProtocolError(f"rule {rule_id} stands twice in PROTOCOL.md")
        if capability is not None and capability not in set(Capability):
            raise ProtocolError(f"rule {rule_id} names the unknown capability {capability!r}")
        rules[rule_id] = Rule(
            rule_id, Level(level), Capability(capability) if capability else None, " ".join(body.split())
        )
    return Protocol(version.group(1), rules)


@cache
def load() -> Protocol:
    """The protocol that this copy of Roomproof ships (in the package), or that of the checkout (beside the package)."""
    package = Path(__file__).parents[1]
    for path in (package / "PROTOCOL.md", package.parent / "PROTOCOL.md"):
        if path.is_file():
            return parse(path.read_text(encoding="utf-8"))
    raise ProtocolError(f"PROTOCOL.md is neither in {package} nor in {package.parent}: this installation is incomplete")
