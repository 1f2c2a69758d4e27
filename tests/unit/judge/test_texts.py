"""The texts of findings tell what is wrong, and by how much."""

from datetime import UTC, datetime

import pytest

from roomproof.judge.texts import how_long, time_difference

RECEIVED = datetime(2026, 12, 1, 9, 12, 5, tzinfo=UTC)
HOUR = 3_600.0


@pytest.mark.parametrize(
    ("timestamp", "ahead", "told"),
    [
        ("2026-12-01T14:12:05", 5 * HOUR, "5 h ahead: local time without an offset?"),
        ("2026-12-01T04:12:04", -5 * HOUR - 1, "5 h 1 s behind: local time without an offset?"),
        ("2026-12-01T14:42:05.5Z", 5.5 * HOUR, "5 h 30 min ahead: local time that is marked as UTC?"),
        ("2026-12-01T12:12:05+02:00", HOUR, "1 h ahead: a wrong offset?"),
        ("2026-12-01T09:10:05", -120, "2 min behind"),
        ("2025-12-01T09:12:05", -365 * 24 * HOUR, "365 d behind"),
        ("2026-12-01T14:22:05", 5 * HOUR + 600, "5 h 10 min ahead"),
    ],
)
def test_a_wrong_time_is_told_with_its_difference(timestamp: str, ahead: float, told: str) -> None:
    assert time_difference(timestamp, ahead, RECEIVED) == f"it was received at 2026-12-01T09:12:05Z, so it is {told}"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (61, "1 min 1 s"), (59.7, "1 min"), (3_600, "1 h"), (90_061, "1 d 1 h")]
)
def test_a_duration_has_its_two_largest_units(seconds: float, text: str) -> None:
    assert how_long(seconds) == text
