"""The kill matrix through another dialect, and the clean server without each need.

A rule could pass because nothing was decoded: so each fault that the dialect can express has to be found by its own
rule. Not collected by default, because it takes minutes: `tox -e dialects`.
"""

from pathlib import Path

import pytest

from roomproof.dialects.reader import read_dialect
from roomproof.spec.rules import Capability, Need, read_protocol
from roomproof.topologies.embedded import CAPABILITIES, FAR_ZONE
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault
from tests.faults.forked import serving, verify
from tests.faults.matrix import DEADLINE, OPTIONS, declaring
from tests.faults.server import TRANSLATED
from tests.faults.translated import TARGET_FILE, tables
from tests.suite.verify import Run

PATHS = frozenset({Capability.FETCH, Capability.DELETE, Capability.HEALTH})
"""Capabilities that only paths of PROTOCOL.md show."""

BAD = "only a bad frame of PROTOCOL.md shows it"
PING = "only pings of PROTOCOL.md show it"
FORM = "only other spellings of the JSON of PROTOCOL.md show it"
STATS = "only statistics show it"

NATIVE_ONLY: dict[str, str] = {
    "a binary frame closes all devices": BAD,
    "a binary frame crashes the connection": BAD,
    "a deep array closes everybody": BAD,
    "a deep array closes with 1000": BAD,
    "a deletion announced in all rooms": "rooms cannot be deleted",
    "a deletion closes its members everywhere": "rooms cannot be deleted",
    "a missing type echoed to the sender only": BAD,
    "a pong for everybody": PING,
    "a pong without time": PING,
    "an array crashes the connection": BAD,
    "empty content broadcast": BAD,
    "frames of 126 bytes misread": FORM,
    "lone surrogates replaced": FORM,
    "long messages in fragments refused": FORM,
    "numbers made strings": BAD,
    "pings compared as text": PING,
    "pongs for all devices": PING,
    "text after the JSON of a frame ignored": BAD,
    "the refused are counted": STATS,
    "timestamp a number": "the dialect reads a number as seconds or milliseconds since 1970",
    "types compared without case": BAD,
}
"""Faults that the other dialect cannot show, with the reason."""


def is_expressible(fault: Fault) -> bool:
    """Whether the dialect can show the fault.

    Its rule has to apply, and to need no path of PROTOCOL.md and no tables of its own.
    """
    rule = read_protocol().rules[fault.breaks]
    is_native = rule.capability in PATHS or fault.name in NATIVE_ONLY or bool(fault.tables)
    return read_dialect(tables(), "chat.toml").expressible(rule) and not is_native


def declared(fault: Fault | None = None) -> list[str]:
    names = (*CAPABILITIES, *(fault.capabilities if fault else ()))
    return declaring(name for name in names if name not in PATHS)


def through_the_dialect(folder: Path, name: str, *arguments: str) -> Run:
    """Run the suite against a server that speaks the other dialect."""
    with serving(TRANSLATED, name, *OPTIONS, zone=FAR_ZONE) as url:
        target = folder / "chat.toml"
        target.write_text(TARGET_FILE.format(url=url))
        return verify(folder, str(target), "--tb=no", "-q", *arguments)


def test_the_clean_server_is_valid_in_another_dialect(tmp_path: Path) -> None:
    run = through_the_dialect(tmp_path, "clean", *declared(), "-n", "2")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("untested") == set()
    assert "the dialect" in run.verdict["reason"]
    assert "of the 78 MUSTs" in run.verdict["reason"]


@pytest.mark.parametrize("fault", [pytest.param(one, id=name) for name, one in FAULTS.items() if is_expressible(one)])
def test_a_fault_is_found_in_another_dialect(tmp_path: Path, fault: Fault) -> None:
    options = ("-p", "tests.faults.until_found", "--until-found", fault.name, *fault.options)
    for _ in range(fault.runs):
        run = through_the_dialect(tmp_path, fault.name, *declared(fault), "--deadline", DEADLINE, *options)
        found = run.rules("broken") | run.rules("warned")
        if fault.breaks in found:
            break

    assert fault.breaks in found, f"{fault.text} The suite found {sorted(found) or 'nothing'}.\n{run.output[-3000:]}"


@pytest.mark.parametrize("need", [need for need in Need if need is not Need.USER_IDS])
def test_the_clean_server_is_valid_without(tmp_path: Path, need: Need) -> None:
    with serving("clean", *OPTIONS, zone=FAR_ZONE) as url:
        run = verify(tmp_path, url, *declaring(CAPABILITIES), "--without", need, "--tb=no", "-q", "-n", "2")

    gone = {rule.id for rule in read_protocol().rules.values() if need in rule.needs}
    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert gone <= run.rules("not_applicable")
    assert run.rules("untested") == set()
