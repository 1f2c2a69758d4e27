"""PROTOCOL.md defines the promises A1 to A9, and every citation of them resolves."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.spec.rules import read_protocol
from tests.unit.spec.document import ROOT, TEXT, section

CITATION = re.compile(r"\bA[1-9]\b")

HEADINGS = re.findall(r"^#### ((A\d+): .+)$", TEXT, flags=re.MULTILINE)

PROMISES = [promise for _, promise in HEADINGS]

FOLDERS = ("docs", "roomproof", "reference_server", "scenarios", "locustfiles", "tests")

TEXT_SUFFIXES = {".md", ".py", ".html", ".toml"}


def texts() -> Iterator[tuple[Path, str]]:
    """Yield each text of the project in which a promise might be cited, with its path."""
    paths = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    for path in paths:
        if path.suffix in TEXT_SUFFIXES and "node_modules" not in path.parts:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def test_the_promises_are_a1_to_a9() -> None:
    assert [f"A{number}" for number in range(1, 10)] == PROMISES


def test_every_citation_resolves() -> None:
    cited = [(str(path), promise) for path, text in texts() for promise in CITATION.findall(text)]

    assert {"PROTOCOL.md", "reference_server/room.py"} <= {path for path, _ in cited}, "none found"
    assert [one for one in cited if one[1] not in PROMISES] == []


@pytest.mark.parametrize("heading", [pytest.param(heading, id=promise) for heading, promise in HEADINGS])
def test_a_promise_lists_the_rules_that_cite_it(heading: str) -> None:
    cited_by = re.search(r"^Cited by (.+)\.$", section(heading), flags=re.MULTILINE)
    promise = heading.partition(":")[0]

    citing = [rule.id for rule in read_protocol().rules.values() if promise in CITATION.findall(rule.note)]
    assert cited_by is not None
    assert re.findall(r"[A-Z]+-\d+", cited_by[1]) == citing


def test_only_notes_cite_promises() -> None:
    """The requirement and the exceptions of a rule are complete without the promises."""
    bodies = [" ".join((rule.requirement, *rule.exceptions)) for rule in read_protocol().rules.values()]

    assert not [body for body in bodies if CITATION.search(body)]
