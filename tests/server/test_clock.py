from datetime import UTC, datetime, timedelta

from reference_server.clock import Clock

NOON = datetime(2025, 12, 23, 12, tzinfo=UTC)


def test_a_timestamp_has_six_digits_even_at_a_full_second() -> None:
    assert Clock(lambda: NOON).timestamp() == "2025-12-23T12:00:00.000000"


def test_timestamps_advance_while_the_wall_clock_goes_back() -> None:
    walls = iter([NOON, NOON - timedelta(hours=1), NOON, NOON + timedelta(seconds=1)])
    clock = Clock(lambda: next(walls))

    assert [clock.timestamp() for _ in range(4)] == [
        "2025-12-23T12:00:00.000000",
        "2025-12-23T12:00:00.000001",
        "2025-12-23T12:00:00.000002",
        "2025-12-23T12:00:01.000000",
    ]
