"""When a worker begins to measure: with all users in, and never at the end; and what it tells last."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from roomproof.client.target import Target
from roomproof.history import Started
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import LoadOptions
from roomproof.load.worker import member
from roomproof.load.worker import session as session_module
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.session import EndedError, open_session
from tests.unit.load.started_worker import due_just_before_another

NOBODY = Target("http://127.0.0.1:9")
"""No server is needed for that."""


class Worker:
    """A session, and what it tells."""

    def __init__(self) -> None:
        self.reports: list[WorkerReport] = []
        options = LoadOptions(NOBODY, room_size=2, rate=0.0, message_bytes=100, objectives=[], seed="soup")
        self.session = open_session(options, "run", "w", 0, self.reports.append, cast(Any, None))

    def comes(self, user: int) -> None:
        """A user gets in."""
        self.session.next_connection_number()
        self.session.user_connected(user)

    def measures(self) -> bool:
        """Whether it measures now, which the last report tells."""
        self.session.end()
        return self.reports[-1].is_measured


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    worker.session.user_started(1)
    worker.session.user_started(2)
    yield worker
    worker.session.end()


def test_it_measures_when_all_are_in_who_are_there(worker: Worker) -> None:
    worker.comes(1)
    worker.session.ramp_up_complete()
    worker.comes(2)

    assert worker.measures()


def test_it_does_not_measure_while_somebody_tries(worker: Worker) -> None:
    worker.comes(1)
    worker.session.ramp_up_complete()

    assert not worker.measures()


def test_it_does_not_measure_before_all_are_there(worker: Worker) -> None:
    worker.comes(1)
    worker.comes(2)

    assert not worker.measures()


def test_it_does_not_wait_for_one_who_is_stopped(worker: Worker) -> None:
    worker.comes(1)
    worker.session.ramp_up_complete()
    worker.session.user_connected(2)

    assert worker.measures()


def test_it_does_not_begin_at_the_end(worker: Worker) -> None:
    worker.comes(1)
    worker.session.ramp_up_complete()
    worker.session.end()
    told = len(worker.reports)
    worker.comes(2)

    assert len(worker.reports) == told, "to begin, it sums up what came before"
    assert not worker.reports[-1].is_measured


def test_users_that_have_not_tried_for_long_are_not_missed(worker: Worker) -> None:
    worker.session.end()

    assert worker.reports[-1].users_waiting == 0


def test_whoever_comes_when_all_is_judged_is_turned_away(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake may take longer than the end waits for it."""
    ended: list[str] = []

    class LateLink:
        def close(self) -> None:
            ended.append("the link")

    def connect_late(*_: object, **__: object) -> tuple[LateLink, str]:
        worker.session.end()
        return LateLink(), ""

    monkeypatch.setattr(member, "connect", connect_late)
    judge = StreamingRoom("kitchen", Started(epoch=0, capabilities=[]), 1)
    room = LoadRoom("kitchen", "u", judge)

    with pytest.raises(EndedError):
        worker.session._open_connection(room, "late")
    assert (ended, room.members) == (["the link"], set())
    assert judge.finish().findings == []


def test_after_its_last_beat_a_worker_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an ordinary report that was due."""
    monkeypatch.setattr(session_module, "REPORT_INTERVAL_S", 0.1)
    worker = Worker()
    monkeypatch.setattr(worker.session.rooms, "wait_until_quiet", lambda _: True)  # so that it ends within that look
    due_just_before_another(lambda: worker.session.end())

    assert [report.is_last for report in worker.reports] == [False, True], (
        "what was before the end is told as it begins"
    )
