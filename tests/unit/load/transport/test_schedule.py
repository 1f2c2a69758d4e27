"""Users send at scheduled times, whatever the server does, and never before."""

from itertools import pairwise

import pytest

from roomproof.load.transport.schedule import DROPPED_NS, TICK_NS, Schedule, phase

MS = 1_000_000


def test_a_user_on_time_sends_at_every_interval() -> None:
    schedule = Schedule(100 * MS, 1_000 * MS)

    assert [schedule.take_next(at * MS) for at in (1_000, 1_100, 1_200)] == [
        (1_000 * MS, 0),
        (1_100 * MS, 0),
        (1_200 * MS, 0),
    ]


def test_the_wait_lasts_until_the_scheduled_time() -> None:
    assert Schedule(100 * MS, 1_000 * MS).wait(750 * MS) == 0.25


def test_a_late_user_does_not_wait() -> None:
    assert Schedule(100 * MS, 1_000 * MS).wait(1_500 * MS) == 0


def test_a_silent_user_has_nothing_to_wait_for() -> None:
    assert Schedule(0, 0).wait(5_000 * MS) is None


def test_a_late_user_catches_up_message_by_message() -> None:
    schedule = Schedule(100 * MS, 1_000 * MS)

    assert [schedule.take_next(1_350 * MS) for _ in range(4)] == [(at * MS, 0) for at in (1_000, 1_100, 1_200, 1_300)]
    assert schedule.wait(1_350 * MS) == 0.05


def test_a_message_as_late_as_allowed_is_sent() -> None:
    assert Schedule(100 * MS, 0).take_next(DROPPED_NS) == (0, 0)


def test_a_later_message_is_dropped_and_counted() -> None:
    schedule = Schedule(100 * MS, 0)

    assert schedule.take_next(DROPPED_NS + 250 * MS) == (300 * MS, 3)
    assert schedule.take_next(DROPPED_NS + 250 * MS) == (400 * MS, 0)


@pytest.mark.parametrize("interval", [1, 100 * MS, 999 * MS, 1_000 * MS, 1_001 * MS, 10_000 * MS])
@pytest.mark.parametrize("late", [0, 99 * MS, 1_000 * MS, 1_001 * MS, 1_500 * MS, 12_345 * MS, 3_600_000 * MS])
def test_nothing_is_sent_before_its_time(interval: int, late: int) -> None:
    meant, dropped = Schedule(interval, 7 * MS).take_next(7 * MS + late)

    assert 7 * MS <= meant <= 7 * MS + late
    assert 0 <= meant - (7 * MS + dropped * interval) < TICK_NS


def test_messages_are_scheduled_for_beginnings_of_ticks() -> None:
    schedule = Schedule(1_000 * MS // 3, 1_000 * MS + 1)

    assert schedule.wait(1_000 * MS) == 0.001
    assert [schedule.take_next(at * MS) for at in (1_001, 1_334, 1_667)] == [
        (1_001 * MS, 0),
        (1_334 * MS, 0),
        (1_667 * MS, 0),
    ]


def test_the_latest_message_is_sent_however_late_it_is() -> None:
    schedule = Schedule(10_000 * MS, 0)

    assert schedule.take_next(3_000 * MS) == (0, 0)
    assert schedule.take_next(25_000 * MS) == (20_000 * MS, 1)


def test_every_message_is_sent_or_counted_as_dropped() -> None:
    schedule = Schedule(100 * MS, 0)
    taken = [schedule.take_next(at * MS) for at in (0, 100, 4_000, 4_000, 4_100, 9_000)]
    meant = [time for time, _ in taken]

    for (before, _), (after, dropped) in pairwise(taken):
        assert after - before == (dropped + 1) * 100 * MS
    assert meant == sorted(meant)


def test_a_user_that_did_something_else_skips_messages() -> None:
    schedule = Schedule(100 * MS, 0)
    schedule.skip_past(1_950 * MS)

    assert schedule.take_next(2_000 * MS) == (2_000 * MS, 0)


def test_a_message_that_is_just_due_is_not_skipped() -> None:
    schedule = Schedule(100 * MS, 0)
    schedule.skip_past(2_000 * MS)

    assert schedule.next_at == 2_000 * MS


def test_a_user_on_time_skips_nothing() -> None:
    schedule = Schedule(100 * MS, 500 * MS)
    schedule.skip_past(200 * MS)

    assert schedule.next_at == 500 * MS


def test_a_silent_user_has_nothing_to_skip() -> None:
    schedule = Schedule(0, 0)
    schedule.skip_past(2_000 * MS)

    assert schedule.wait(2_000 * MS) is None


@pytest.mark.parametrize("users", [2, 10, 100, 1_000])
def test_users_send_spread_over_the_interval(users: int) -> None:
    phases = sorted(phase(number, 0.3) for number in range(users))
    gaps = [after - before for before, after in pairwise([*phases, phases[0] + 1])]

    assert 0 <= phases[0] <= phases[-1] < 1
    assert max(gaps) < 3 / users


def test_a_blocked_user_misses_the_messages_of_that_time() -> None:
    schedule = Schedule(100 * MS, 500 * MS)

    assert [schedule.missed(now * MS) for now in (400, 499, 500, 600, 1_050)] == [0, 0, 1, 2, 6]
    assert Schedule(0, 0).missed(1_000 * MS) == 0
