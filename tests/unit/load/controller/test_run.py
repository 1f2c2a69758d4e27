"""A run writes nothing after its verdict, and is not valid if it cannot write."""

import json
from pathlib import Path

import gevent
import pytest

from roomproof.load.controller import run as run_module
from roomproof.load.controller.run import INTERVAL_S, start_run
from roomproof.load.figures.backlog import Backlog
from roomproof.load.options import LoadOptions
from roomproof.verdict import Conclusion
from tests.unit.load.reports import CLEAN, TARGET, Alarm, report

OPTIONS = LoadOptions(TARGET, room_size=2, rate=0.0, message_bytes=100, objectives=[], seed="soup")


def test_the_verdict_is_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not even the line of an interval that was due."""
    alarm = Alarm(monkeypatch, run_module, INTERVAL_S)
    path = tmp_path / "results.jsonl"
    run = start_run("r", OPTIONS, {"w1"}, path)
    alarm.ring_before(run.conclude)

    assert json.loads(path.read_text().splitlines()[-1])["kind"] == "verdict"
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_whose_results_cannot_be_written_is_not_valid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/full is a disk without space."""
    monkeypatch.setattr(run_module, "INTERVAL_S", 0.01)
    run = start_run("r", OPTIONS, {"w1"}, Path("/dev/full"))
    run.add_report(CLEAN)
    gevent.sleep(0.05)
    run.begin_ending()
    run.add_report(report(is_last=True))
    verdict = run.conclude()

    assert (verdict.conclusion, verdict.reason) == (
        Conclusion.INCONCLUSIVE,
        "the results could not be written: No space left on device",
    )
    assert run.verdict == verdict
    assert verdict.reason in capsys.readouterr().out


def test_a_run_without_findings_does_not_claim_that_all_arrived() -> None:
    run = start_run("r", OPTIONS, {"w1"}, None)
    run.add_report(CLEAN)

    assert run.findings_so_far() == "no findings so far; what does not arrive is counted at the end"
    run.add_report(report(findings_by_kind={"lost": 2}))
    assert run.findings_so_far() == "found so far: 2 lost"


def test_a_run_names_what_is_overdue() -> None:
    run = start_run("r", OPTIONS, {"w1", "w2"}, None)
    run.add_report(report("w1", delivered=300, backlog=Backlog(2_000, 1_900, 23.4, ["alice"])))
    run.add_report(report("w2", delivered=5, backlog=Backlog(195, 1, 7.0, ["bob"])))

    assert run.totals.due == 2_500
    assert run.findings_so_far() == (
        "no findings so far, but 1901 deliveries are overdue, the oldest for 23 s, for example to alice, bob"
    )
    run.add_report(report("w1", findings_by_kind={"lost": 1_900}))
    run.add_report(report("w2"))
    assert run.findings_so_far() == "found so far: 1900 lost"
    assert run.totals.due == 2_205, "lost deliveries were due"
