"""Fixtures for telling histories, and the mark of tests that reach only one judge."""

import pytest

from tests.unit.judge.judges import OfflineOnly, StreamingOnly
from tests.unit.judge.marks import reason_of
from tests.unit.judge.tale import Tale
from tests.unit.judge.talk import Talk


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", "one_judge(reason): a history that reaches only one of the judges")


@pytest.fixture
def tale(request: pytest.FixtureRequest) -> Tale:
    """A history for both judges; marked tests tell it to the offline judge only."""
    reason = reason_of(request.node)
    assert not reason or isinstance(reason, OfflineOnly), "expected a talk where only the streaming judge is told"
    return Tale(reason)


@pytest.fixture
def talk(request: pytest.FixtureRequest) -> Talk:
    """A room under load, for the streaming judge only; the test says why."""
    assert isinstance(reason_of(request.node), StreamingOnly), "expected a mark one_judge with the reason for a talk"
    return Talk()
