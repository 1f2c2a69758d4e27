"""Nobody can set the clock of a run."""

import pytest

from roomproof.client.clock import Clock, server_ahead_ns
from roomproof.client.http import Http, UnreachableError
from roomproof.client.service import Service
from roomproof.client.target import Target
from roomproof.dialects.reader import read_dialect
from tests.unit.client.answering import answering

NOON_S = 1_766_491_200
"""12:00 on 23 December 2025."""

CLOSED = b""
"""No answer: the connection is closed."""

NOON = b"HTTP/1.1 200 OK\r\nDate: Tue, 23 Dec 2025 12:00:00 GMT\r\nContent-Length: 2\r\n\r\n{}"


class Fake:
    """A wall clock that is set, beside a monotonic clock that is not."""

    def __init__(self) -> None:
        self.seconds = 0
        self.step = 0
        self.clock = Clock(lambda: (NOON_S + self.seconds + self.step) * 10**9, lambda: self.seconds * 10**9)


@pytest.mark.parametrize("step", [120, -120])
def test_a_step_of_the_wall_clock_changes_nothing(step: int) -> None:
    fake = Fake()
    fake.seconds, fake.step = 10, step

    assert fake.clock.now() == NOON_S + 10


@pytest.mark.parametrize("step", [120, -120])
def test_the_server_is_compared_with_a_clock_nobody_sets(step: int) -> None:
    fake = Fake()
    fake.step = step

    with answering(NOON) as server:
        assert server_ahead_ns(Http(Target(f"http://127.0.0.1:{server.port}")), fake.clock) == 0
        fake.seconds = 60
        assert server_ahead_ns(Http(Target(f"http://127.0.0.1:{server.port}")), fake.clock) == -59.5e9


@pytest.mark.parametrize("without", [["statistics"], ["timestamps"]], ids=" ".join)
def test_a_service_can_leave_foreign_requests_unanswered(without: list[str]) -> None:
    with answering(CLOSED) as server:
        service = Service(read_dialect({}, "chat.toml", without))
        assert server_ahead_ns(Http(Target(f"http://127.0.0.1:{server.port}", service=service))) == 0


def test_a_server_with_statistics_has_to_answer() -> None:
    with answering(CLOSED) as server, pytest.raises(UnreachableError):
        server_ahead_ns(Http(Target(f"http://127.0.0.1:{server.port}")))
