"""A generator is overloaded when its figures are unreliable, and not before."""

import pytest

from roomproof.load.figures.overload import GeneratorLoad, texts_of


def generator(*seconds: tuple[float, float]) -> GeneratorLoad:
    """Return a load of measured seconds, each with a share of a core and a lag in ms."""
    after = GeneratorLoad()
    after.start_measuring()
    for cpu, lag_ms in seconds:
        after.note(cpu, lag_ms)
    return after


def test_a_generator_with_little_to_do_is_not_overloaded() -> None:
    easy = generator(*[(0.5, 5.0)] * 60)

    assert (easy.overload(20.0, 10_000, 0), easy.slowdowns()) == ([], [])


@pytest.mark.parametrize(("lag", "is_late"), [(250.0, False), (251.0, True)])
def test_late_timers_are_overload(lag: float, is_late: bool) -> None:
    assert bool(generator().overload(lag, 1, 0)) is is_late


def test_the_reason_names_the_lateness() -> None:
    (reason,) = generator().overload(400.2, 1, 0)

    assert reason.text == "its timers were 400 ms late at the 99th percentile, expected 250 at most"


@pytest.mark.parametrize(("seconds", "is_busy"), [(2, False), (3, True)])
def test_a_full_core_is_overload_after_three_seconds(seconds: int, is_busy: bool) -> None:
    busy = generator(*[(0.95, 0.0)] * seconds)

    assert bool(busy.overload(0, 1, 0)) is is_busy
    assert bool(busy.slowdowns()) is is_busy


def test_the_seconds_have_to_be_in_a_row() -> None:
    assert generator((1, 0), (1, 0), (0.5, 0), (1, 0), (1, 0)).overload(0, 1, 0) == []


def test_a_share_of_nine_tenths_is_not_too_much() -> None:
    assert generator(*[(0.9, 0.0)] * 10).overload(0, 1, 0) == []


def test_the_reason_names_the_longest_row() -> None:
    (reason,) = generator(*[(1, 0)] * 5, (0, 0), *[(1, 0)] * 3).overload(0, 1, 0)

    assert reason.text == "it needed more than 90% of a core for 5 s"


@pytest.mark.parametrize(
    ("sent", "dropped", "is_too_much"),
    [(999, 1, False), (998, 2, True), (0, 0, False), (0, 1, True), (99_900, 100, False)],
)
def test_dropping_more_than_a_thousandth_is_overload(sent: int, dropped: int, is_too_much: bool) -> None:
    assert bool(generator().overload(0, sent, dropped)) is is_too_much


def test_the_reason_names_the_dropped_messages() -> None:
    (reason,) = generator().overload(0, 90, 10)

    assert reason.text == "it gave up 10 of 100 messages that it was too late to send"


def test_all_reasons_are_returned() -> None:
    assert len(generator(*[(1, 0)] * 3).overload(300, 90, 10)) == 3


def test_the_ramp_up_does_not_overload_the_measured_part() -> None:
    after = generator(*[(1, 2_000)] * 10)
    after.start_measuring()
    after.note(1, 0)
    after.note(1, 0)

    assert after.overload(0, 1, 0) == []


def test_the_ramp_up_can_have_delayed_something() -> None:
    after = generator(*[(1, 2_000)] * 10)
    after.start_measuring()

    assert texts_of(after.slowdowns()) == ["it needed more than 90% of a core for 10 s", "it stood still for 2000 ms"]


@pytest.mark.parametrize(("lag", "stood_still"), [(1_000.0, False), (1_001.0, True)])
def test_a_single_stall_can_have_delayed_something(lag: float, stood_still: bool) -> None:
    still = generator((0, lag), (0, 0))

    assert bool(still.slowdowns()) is stood_still
    assert still.overload(0, 1, 0) == []
