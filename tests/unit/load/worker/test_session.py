"""A worker measures once all users are connected, and reports until its end."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from roomproof.client.target import Target
from roomproof.dialects.session import Session, UserRow
from roomproof.history import Started
from roomproof.judge.streaming.room import StreamingRoom
from roomproof.load.figures.worker_report import WorkerReport
from roomproof.load.options import LoadOptions
from roomproof.load.transport.socket import Connected
from roomproof.load.worker import member
from roomproof.load.worker import session as session_module
from roomproof.load.worker.payload import payload_texts
from roomproof.load.worker.room import LoadRoom
from roomproof.load.worker.session import REPORT_INTERVAL_S, EndedError, open_session
from tests.unit.load.reports import Alarm

NOBODY = Target("http://127.0.0.1:9")
"""No server, which these tests do not need."""


class Worker:
    """A session and its reports."""

    def __init__(self) -> None:
        self.reports: list[WorkerReport] = []
        options = LoadOptions(NOBODY, room_size=2, rate=0.0, message_bytes=100, objectives=[], seed="soup")
        table = cast(Any, SimpleNamespace(add_times=lambda *_: None, add_findings=lambda *_: None))
        self.session = open_session(options, "run", "w", 0, 1, self.reports.append, table)

    def connect(self, user: int) -> None:
        """Let a user connect."""
        self.session.next_connection_number()
        self.session.user_connected(user)

    def measures(self) -> bool:
        """Whether it measures now, as the last report says."""
        self.session.end()
        return self.reports[-1].is_measured


@pytest.fixture
def worker() -> Iterator[Worker]:
    worker = Worker()
    worker.session.user_started(1)
    worker.session.user_started(2)
    yield worker
    worker.session.end()


def test_texts_take_turns_until_all_are_sent(worker: Worker) -> None:
    sent: list[str] = []
    link = cast(Any, SimpleNamespace(send_message=lambda text, *_: sent.append(text)))
    texts = payload_texts(100, "soup")
    for _ in texts:
        worker.session.send_message(link, 0, 0)
    worker.session.end()

    assert tuple(sent) == texts
    assert worker.reports[-1].are_all_texts_sent


def test_it_measures_once_all_users_are_connected(worker: Worker) -> None:
    worker.connect(1)
    worker.session.ramp_up_complete()
    worker.connect(2)

    assert worker.measures()


def test_it_does_not_measure_while_a_user_tries(worker: Worker) -> None:
    worker.connect(1)
    worker.session.ramp_up_complete()

    assert not worker.measures()


def test_it_does_not_measure_before_all_users_have_started(worker: Worker) -> None:
    worker.connect(1)
    worker.connect(2)

    assert not worker.measures()


def test_it_does_not_wait_for_a_user_that_is_stopped(worker: Worker) -> None:
    worker.connect(1)
    worker.session.ramp_up_complete()
    worker.session.user_stopped(2)

    assert worker.measures()


def test_it_does_not_start_measuring_at_the_end(worker: Worker) -> None:
    worker.connect(1)
    worker.session.ramp_up_complete()
    worker.session.end()
    reported = len(worker.reports)
    worker.connect(2)

    assert len(worker.reports) == reported, "it reports before it starts measuring"
    assert not worker.reports[-1].is_measured


def test_users_that_have_only_just_started_are_not_missed(worker: Worker) -> None:
    worker.session.end()

    assert worker.reports[-1].users_waiting == 0


def test_a_handshake_that_succeeds_too_late_is_given_up(worker: Worker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A handshake may take longer than the end waits for it."""
    closed: list[str] = []

    class LateLink:
        def close(self) -> None:
            closed.append("the link")

    def connect_late(_: Target, session: Session, *__: object, **___: object) -> Connected:
        worker.session.end()
        return Connected(cast(Any, LateLink()), "", session)

    monkeypatch.setattr(member, "connect", connect_late)
    judge = StreamingRoom("kitchen", Started(epoch=0, capabilities=[]), 1)
    room = LoadRoom("kitchen", "u", judge)

    with pytest.raises(EndedError):
        worker.session._open_connection(room, UserRow("late"))
    assert (closed, room.members) == (["the link"], set())
    assert judge.finish().findings == []


def test_no_report_follows_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even an ordinary report that was due."""
    alarm = Alarm(monkeypatch, session_module, REPORT_INTERVAL_S)
    worker = Worker()
    # So that the session ends before the greenlet that reports regularly runs.
    monkeypatch.setattr(worker.session.rooms, "wait_until_quiet", lambda _: True)
    alarm.ring_before(worker.session.end)

    assert [report.is_last for report in worker.reports] == [False, True], "the first report is that of the end"
