"""Rare faults are found under load, under the rule that they break.

Faults of delivery, order, isolation and system messages show once in ten thousand deliveries. Two of them show in every
case, because they need a coincidence as well: no server knows beforehand that a member will be gone in a moment.
"""

from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.fault import RARITY
from tests.listening import faulty, listening
from tests.load.locust import FinishedLoad, load

LONG = ("--message-bytes", "4000")

LASTING = ("-u", "120", "--room-size", "60", "--rate", "0.7", "--deadline", "1", "-t", "16")
"""Members stay for six seconds on the average: only members that outstay the deadline can miss a leave notice."""

SLOW = ("-u", "10", "--room-size", "10", "--rate", "20", "--message-bytes", "4000", "--deadline", "2", "-t", "40")
"""A load that fills the sockets of a slow reader, which hold megabytes."""

DELIVERIES = "10000"

USUAL = {"-u": "40", "-r": "100", "-t": "12", "--room-size": "20", "--rate": "6"}
"""Options for about fifty thousand deliveries."""

SCRIPTS: dict[str, tuple[str, ...]] = {
    "some lost for one": ("steady",),
    "some lost for everyone": ("steady",),
    "some doubled": ("steady",),
    "echo missing": ("steady",),
    "last messages before a close lost": ("churn",),
    "first message after a join lost": ("churn", "--rate", "40"),
    "delivery stops when the sender disconnects": ("churn",),
    "membership a moment late": ("churn",),
    "some never join": ("storm", "--room-size", "1", "--rate", "40", "-t", "16"),
    "some members closed at once": ("churn",),
    "one old message sent to newcomers": ("churn",),
    "messages that nobody sent": ("steady",),
    "long contents refused": ("steady", *LONG),
    "some swapped for one": ("steady",),
    "joins announced after the first message": ("churn", "--rate", "20"),
    "leak to all rooms": ("steady",),
    "notices leak to all rooms": ("churn",),
    "leak to rooms of the same name": ("steady",),
    "some joins doubled": ("churn",),
    "some joins missing": ("churn",),
    "leaves missing": ("churn", *LASTING),
    "some leaves doubled": ("churn",),
    "joins announced under a wrong name": ("churn",),
    "leaves only for clean closes": ("churn", *LASTING),
    "leaves announced before the last messages": ("churn",),
    "slow readers are waited for": ("slow_reader", *SLOW),
    "full outboxes drop in silence": ("slow_reader", *SLOW),
}
"""The script, and its options, under which each fault shows."""

ELSEWHERE = {
    "repeated messages dropped": "every message of a load has a content of its own",
    "messages that repeat another sender dropped": "every message of a load has a content of its own",
    "second device ignored": "every connection of a load has a user id of its own",
    "a deletion announced in all rooms": "a load deletes no room",
    "orders differ between members": "ORDER-2 is a capability, and is judged by the suite",
    "one device leaves for all": "every connection of a load has a user id of its own",
    "silent peers stay": "LEAVE-5 is a capability, and is judged by the suite",
    "unknown fields refused": "a load sends no such fields",
    "long messages overtaken": "all messages of a load have one length",
    "joins per connection": "JOIN-8 is a capability, and is judged by the suite",
}
"""Faults that only the suite can see, and why."""

FAMILIES = ("delivery", "membership", "order", "isolation", "system")

ALSO = {
    "one old message sent to newcomers",
    "long contents refused",
    "unknown fields refused",
    "slow readers are waited for",
    "full outboxes drop in silence",
}
"""Faults of other families that a load can find."""

SHOWN_AS = {
    "first message after a join lost": {"DELIVER-1"},
    "membership a moment late": {"DELIVER-1"},
    "long contents refused": {"FRAME-5"},
    "leaves missing": {"LEAVE-1", "LEAVE-2"},
}
"""The rules that can be seen broken instead, because a load cannot know the cause."""


def test_every_fault_is_found_here_or_by_the_suite() -> None:
    families = {name for name, fault in FAULTS.items() if fault.plant.__module__.rpartition(".")[2] in FAMILIES}

    assert families | ALSO == SCRIPTS.keys() | ELSEWHERE.keys()


def load_that_shows(folder: Path, name: str, url: str) -> FinishedLoad:
    """Run the load under which a fault shows, whether the server has the fault or not."""
    script, *options = SCRIPTS[name]
    usual = [word for option, value in USUAL.items() if option not in options for word in (option, value)]
    return load(folder, script, url, *usual, *options)


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(RARITY, DELIVERIES)
    with listening(*faulty(name)) as url:
        run = load_that_shows(tmp_path, name, url)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert SHOWN_AS.get(name, {FAULTS[name].breaks}) & run.rules("broken"), run.output
    assert run.of("finding") or run.counts["refused"], run.output
    assert "Traceback" not in run.output
