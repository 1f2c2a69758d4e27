"""Numbers as people read them."""

import pytest

from roomproof.report.durations import duration


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (0, "0 us"),
        (1, "1 us"),
        (999, "999 us"),
        (1_000, "1 ms"),
        (1_234, "1.23 ms"),
        (250_000, "250 ms"),
        (999_499, "999 ms"),
        (999_999, "1 s"),
        (1_500_000, "1.5 s"),
        (59_960_000, "60 s"),
        (999_900_000, "1000 s"),
        (3_600_000_000, "3600 s"),
    ],
)
def test_a_duration_has_three_digits_and_a_unit(microseconds: int, text: str) -> None:
    assert duration(microseconds) == text
