"""Values find their places on scales with round ticks."""

import pytest

from roomproof.report.page.scale import Scale, linear, logarithmic


def test_a_linear_scale_begins_at_zero_and_ends_round() -> None:
    scale = linear(87, 200, 0)

    assert (scale.high, scale.place(0), scale.place(50), scale.ticks()) == (100, 200, 100, [0, 20, 40, 60, 80, 100])


def test_a_logarithmic_scale_gives_each_decade_the_same_width() -> None:
    scale = logarithmic(1, 100, 0, 100)

    assert [scale.place(value) for value in (1, 10, 100)] == [0, 50, 100]
    assert scale.ticks() == pytest.approx([1, 5, 20, 100])


def test_a_single_value_still_has_a_scale() -> None:
    assert (linear(0, 0, 10).high, logarithmic(5, 5, 0, 10).high) == (1, 10)


def test_values_beyond_the_ends_stand_at_the_ends() -> None:
    scale = Scale(1, 10, 0, 100, is_log=True)

    assert (scale.place(0.0001), scale.place(1e9)) == (0, 100)


@pytest.mark.parametrize("high", [1e-9, 0.3, 1, 1.0001, 7, 99.99, 100, 12_345, 9e15])
def test_ticks_are_few_and_lie_on_the_scale(high: float) -> None:
    for scale in (linear(high, 0, 100), logarithmic(high / 1e4, high, 0, 100)):
        ticks = scale.ticks()
        assert 2 <= len(ticks) <= 7
        assert all(scale.low * 0.999 <= tick <= scale.high * 1.001 for tick in ticks)
