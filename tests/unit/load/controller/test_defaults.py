"""A run without options has a sensible size."""

import argparse

import pytest

from roomproof.load.controller.defaults import fill_in, spawn_rate


def filled(
    users: int | None = None, spawn_rate: float | None = None, run_time: int | None = None, *, form: bool
) -> tuple[object, ...]:
    """Return the number of users, their spawn rate and the run time."""
    parsed = argparse.Namespace(num_users=users, spawn_rate=spawn_rate, run_time=run_time)
    fill_in(parsed, has_form=form)
    return parsed.num_users, parsed.spawn_rate, parsed.run_time


def test_without_the_form_twenty_users_stay_for_a_minute() -> None:
    assert filled(form=False) == (20, 5.0, 60)


def test_the_form_suggests_more_and_no_end() -> None:
    assert filled(form=True) == (200, 50.0, None)


def test_given_options_stay() -> None:
    assert filled(7, 2.0, 30, form=False) == (7, 2.0, 30)
    assert filled(run_time=30, form=False) == (20, 5.0, 30)


def test_a_short_run_starts_its_users_in_half_its_time() -> None:
    assert filled(run_time=2, form=False) == (20, 20.0, 2)


@pytest.mark.parametrize(("users", "rate"), [(1, 1.0), (3, 1.0), (400, 100.0), (10_000, 100.0)])
def test_users_come_at_a_rate_that_locust_does_not_warn_of(users: int, rate: float) -> None:
    assert filled(users, form=False) == (users, rate, None)


@pytest.mark.parametrize(("processes", "rate"), [(0, 100.0), (1, 100.0), (3, 300.0)])
def test_more_processes_start_more_users_at_once(processes: int, rate: float) -> None:
    assert spawn_rate(10_000, processes) == rate
