import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest

from reference_server.clock import Clock
from tests.server.process import Server

NOON = datetime(2025, 12, 23, 12, tzinfo=UTC)


def test_a_timestamp_has_six_digits_even_at_a_full_second() -> None:
    assert Clock(lambda: NOON).timestamp() == "2025-12-23T12:00:00.000000"


def test_timestamps_advance_while_the_wall_clock_goes_back() -> None:
    walls = iter([NOON, NOON - timedelta(hours=1), NOON, NOON + timedelta(seconds=1)])
    clock = Clock(lambda: next(walls), lambda: 0.0)

    assert [clock.timestamp() for _ in range(4)] == [
        "2025-12-23T12:00:00.000000",
        "2025-12-23T12:00:00.000001",
        "2025-12-23T12:00:00.000002",
        "2025-12-23T12:00:01.000000",
    ]


class Fake:
    """A wall clock that is set forward and back, beside a monotonic clock."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.step = 0.0
        self.clock = Clock(self.wall, lambda: self.seconds)
        self.clock.now()

    def wall(self) -> datetime:
        return NOON + timedelta(seconds=self.seconds + self.step)

    def after(self, seconds: float) -> float:
        """The time told after so many more seconds, in seconds after noon."""
        self.seconds += seconds
        return (self.clock.now() - NOON).total_seconds()


def test_the_clock_jumps_forward_with_the_wall_clock() -> None:
    fake = Fake()
    fake.step = 120

    assert [fake.after(1), fake.after(1)] == [121, 122]


@pytest.mark.parametrize("step", [70, 120])
def test_the_clock_runs_at_half_speed_after_a_step_back(step: int) -> None:
    fake = Fake()
    fake.after(10)
    fake.step = -step

    assert [fake.after(10), fake.after(10)] == [15, 20]
    assert fake.after(2 * step - 20) == 10 + step
    assert [fake.after(1), fake.after(10)] == [11 + step, 21 + step]


def test_a_small_step_back_is_caught_up_soon() -> None:
    fake = Fake()
    fake.after(10)
    fake.step = -1

    assert [fake.after(1), fake.after(1), fake.after(1)] == [10.5, 11, 12]


def test_the_date_is_told_by_the_same_clock() -> None:
    fake = Fake()
    fake.after(10)
    fake.step = -70

    assert fake.clock.http_date() == "Tue, 23 Dec 2025 12:00:10 GMT"


def test_an_answer_has_one_date(server: Server) -> None:
    dates = server.ask("GET", "/api/chats/ws/stats").headers.getlist("date")

    assert len(dates) == 1
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", dates[0])
    assert abs((parsedate_to_datetime(dates[0]) - datetime.now(UTC)).total_seconds()) < 30
