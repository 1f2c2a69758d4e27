"""The side that adds up: after the verdict nothing is written."""

import json
from pathlib import Path

import gevent
import pytest
from gevent import monkey

from roomproof.load import run as run_module
from roomproof.load.options import Options
from roomproof.load.run import Run
from tests.unit.load.worker import TARGET


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
