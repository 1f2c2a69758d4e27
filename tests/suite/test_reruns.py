"""A scenario that failed has failed, however often a plugin tries it again."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.suite.verify import verify

FAILS_ONCE = """
import pytest

tried = set()

@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if pyfuncitem.nodeid not in tried:
        tried.add(pyfuncitem.nodeid)
        raise AssertionError("the room was not there")
"""
"""A plugin with which every scenario fails at its first try, and only then."""


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_second_try_does_not_undo_a_failure(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "once.py").write_text(FAILS_ONCE)

    run = verify(
        tmp_path,
        *("test_create.py", "-k", "used_at_once", "-p", "once", "--reruns", "2", "--junitxml", "junit.xml", *workers),
        environment={"PYTHONPATH": str(tmp_path)},
    )

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    failure = run.output.partition("= FAILURES =")[2]
    assert "The first try of this scenario failed, which stands." in failure
    assert "CREATE-1 (MUST) is broken. The rule:" in failure
    assert len(run.scenarios("failed")) == 1
    assert not run.scenarios("passed")
    assert len(list(ElementTree.parse(tmp_path / "junit.xml").iter("failure"))) == 1
