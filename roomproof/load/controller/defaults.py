"""Defaults for the number of users, their spawn rate and the run time."""

import argparse

HEADLESS_USERS, HEADLESS_SECONDS = 20, 60
"""The size of a run without the web UI."""

FORM_USERS = 200
"""Users that the form of the web UI suggests."""

SECONDS_TO_START = 4
"""Seconds in which all users start, or half of a shorter run, unless MAX_STARTS_PER_SECOND is too few for that."""

MAX_STARTS_PER_SECOND = 100
"""Users that a process starts in a second; Locust warns of more."""


def fill_in(parsed: argparse.Namespace, *, has_form: bool) -> None:
    """Fill in the number of users, the spawn rate and the run time where missing."""
    if parsed.num_users is None:
        parsed.num_users = FORM_USERS if has_form else HEADLESS_USERS
        if not has_form and parsed.run_time is None:
            parsed.run_time = HEADLESS_SECONDS
    if parsed.spawn_rate is None:
        seconds = min(SECONDS_TO_START, parsed.run_time / 2) if parsed.run_time else SECONDS_TO_START
        parsed.spawn_rate = spawn_rate(parsed.num_users, 1, seconds)


def spawn_rate(users: int, processes: int, seconds: float = SECONDS_TO_START) -> float:
    """Return the default spawn rate, with which all users start in these seconds."""
    return float(min(MAX_STARTS_PER_SECOND * max(1, processes), max(1, int(users / seconds))))
