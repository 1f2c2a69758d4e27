"""The side that adds up: after the verdict nothing is written."""

import json
from pathlib import Path

import gevent
import pytest
from gevent import monkey

from roomproof.load import run as run_module
from roomproof.load.options import Options
from roomproof.load.run import Run
from roomproof.verdict import Conclusion
from tests.unit.load.worker import CLEAN, TARGET, beat


def test_the_verdict_is_the_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both are due when the loop, which was busy, looks at its timers: first the verdict, then the line of a second."""
    monkeypatch.setattr(run_module, "SECOND_S", 0.1)
    path = tmp_path / "results.jsonl"
    options = Options(TARGET, room_size=2, rate=0.0, message_bytes=100, slos=[], seed="soup")
    run = Run("r", options, {"w1"}, path)
    gevent.sleep(0)
    concluded = gevent.spawn_later(0.08, run.conclude)
    gevent.spawn_later(0.05, monkey.get_original("time", "sleep"), 0.1)

    concluded.get()
    gevent.sleep(0.05)

    assert json.loads(path.read_text().splitlines()[-1])["kind"] == "verdict"
    assert "Traceback" not in capsys.readouterr().err


def test_a_run_whose_results_cannot_be_written_is_not_valid(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """/dev/full is a disk without space."""
    monkeypatch.setattr(run_module, "SECOND_S", 0.01)
    options = Options(TARGET, room_size=2, rate=0.0, message_bytes=100, slos=[], seed="soup")
    run = Run("r", options, {"w1"}, Path("/dev/full"))
    run.hear(CLEAN)
    gevent.sleep(0.05)
    run.begin_to_end()
    run.hear(beat(end="stopped"))
    verdict = run.conclude()

    assert (verdict.conclusion, verdict.reason) == (
        Conclusion.INCONCLUSIVE,
        "the results could not be written: No space left on device",
    )
    assert run.verdict == verdict
    assert verdict.reason in capsys.readouterr().out
