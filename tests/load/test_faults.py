"""Rare faults of delivery, order, isolation and system messages are found under load, under the rule they break."""

import sys
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.listening import listening
from tests.load.locust import load

LONG = ("--message-bytes", "4000")

SCRIPTS: dict[str, tuple[str, ...]] = {
    "some lost for one": ("steady",),
    "some lost for everyone": ("steady",),
    "some doubled": ("steady",),
    "echo missing": ("steady",),
    "last words before a close lost": ("churn",),
    "first words after a join lost": ("churn", "--rate", "40"),
    "a sender's death loses what others have": ("churn",),
    "membership a moment late": ("churn",),
    "some never join": ("churn", "--room-size", "1"),
    "history repeated to newcomers": ("churn",),
    "words that nobody said": ("steady",),
    "long contents refused": ("steady", *LONG),
    "some swapped for one": ("steady",),
    "announced after speaking": ("churn", "--rate", "20"),
    "leak to all rooms": ("steady",),
    "notices leak to all rooms": ("churn",),
    "leak to rooms of the same name": ("steady",),
    "some joins doubled": ("churn",),
    "some joins missing": ("churn",),
    "leaves missing": ("churn",),
    "some leaves doubled": ("churn",),
    "a wrong name joins": ("churn",),
    "leaves only for clean closes": ("churn",),
    "leave before the last words": ("churn",),
}
"""The script, and its options, under which each fault shows."""

ELSEWHERE = {
    "the same words only once": "every message of a load has words of its own",
    "second device ignored": "every connection of a load has a user id of its own",
    "unknown fields refused": "a load sends no such fields",
    "a deleted room speaks on": "a load deletes no room",
    "orders differ between members": "ORDER-2 is a capability, and is judged by the suite",
    "one device leaves for all": "every connection of a load has a user id of its own",
    "silent peers stay": "LEAVE-5 is a capability, and is judged by the suite",
    "joins per connection": "JOIN-8 is a capability, and is judged by the suite",
}
"""Faults that only the suite can see, and why."""

FAMILIES = ("delivery", "order", "isolation", "system")

SHOWN_AS = {
    "last words before a close lost": "DELIVER-1",
    "first words after a join lost": "DELIVER-2",
    "membership a moment late": "DELIVER-1",
    "long contents refused": "FRAME-5",
}
"""Where a load sees another rule broken: it cannot know the cause."""


def test_every_fault_of_these_families_is_found_here_or_by_the_suite() -> None:
    families = {name for name, fault in FAULTS.items() if fault.plant.__module__.rpartition(".")[2] in FAMILIES}

    assert families == SCRIPTS.keys() | ELSEWHERE.keys()


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_fault_is_found(tmp_path: Path, name: str) -> None:
    script, *options = SCRIPTS[name]
    if "--rate" not in options:
        options += ["--rate", "6"]
    server = (sys.executable, "-m", "tests.faults.server", name, "--port", "0", "--database", ":memory:")
    with listening(*server) as url:
        run = load(tmp_path, script, url, "-u", "24", "-r", "100", "-t", "7", "--room-size", "6", *options)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert SHOWN_AS.get(name, FAULTS[name].breaks) in run.rules("broken"), run.output
    assert run.of("finding"), run.output
    assert "Traceback" not in run.output
