"""`roomproof judge --smallest` prints what belongs into a bug report."""

import subprocess
import sys
from pathlib import Path

from roomproof.history import dump
from tests.unit.report.saved import doubled_history
from tests.unit.report.test_smallest import crowded_tale

JUDGE = (sys.executable, "-m", "roomproof", "judge", "--smallest")


def test_each_broken_rule_has_its_smallest_part(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(dump(crowded_tale(faults=3).events))

    done = subprocess.run([*JUDGE, str(file)], capture_output=True, text=True, timeout=60, check=False)

    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0].endswith("DELIVER-1: lost, at bob: message 1 of 'alice' was due and did not arrive; and 2 more")
    assert lines[1].startswith("  the smallest part of the history that shows it, ")
    assert {line.split()[1] for line in lines[2:-1]} == {"alice", "bob", "-"}


def test_a_history_without_findings_has_no_part(tmp_path: Path) -> None:
    file = tmp_path / "history.jsonl"
    file.write_bytes(dump([event for number, event in enumerate(doubled_history()) if number != 9]))

    done = subprocess.run([*JUDGE, str(file)], capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, "smallest" in done.stdout) == (0, False)
