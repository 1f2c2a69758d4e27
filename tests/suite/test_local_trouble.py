"""Trouble of our own makes a run inconclusive, and breaks no rule."""

from pathlib import Path

import pytest

from tests.suite.verify import verify

EXHAUSTED = """
import errno, os
import pytest
from roomproof.client import tcp

connect = tcp._connect

@pytest.fixture(autouse=True)
def no_more_files(kitchen, monkeypatch):
    def fail(*arguments):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    kitchen.join("alice")
    monkeypatch.setattr(tcp, "_connect", fail)
    yield
    monkeypatch.undo()
"""
"""A plugin that lets this process run out of file descriptors after each scenario has begun."""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_no_more_files_break_no_rule(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "exhausted.py").write_text(EXHAUSTED)
    run = verify(tmp_path, "test_order.py", "-p", "exhausted", *workers, environment={"PYTHONPATH": str(tmp_path)})

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert run.rules("broken") == set()
    assert "Too many open files on this machine; raise the limit" in run.verdict["reason"]
