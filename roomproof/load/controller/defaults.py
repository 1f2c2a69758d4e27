"""What is done where nothing was asked for."""

import argparse

HEADLESS_USERS, HEADLESS_SECONDS = 20, 60
"""Without the web UI."""

FORM_USERS = 200
"""What the form of the web UI suggests."""

SECONDS_TO_START = 4
"""All users are there after about so many seconds..."""

MAX_STARTS_PER_SECOND = 100
"""... but no more than so many start in a second, which Locust warns of."""


def fill_in(parsed: argparse.Namespace, *, has_form: bool) -> None:
    """Fill in how many users there are, how fast they come and for how long they stay."""
    if parsed.num_users is None:
        parsed.num_users = FORM_USERS if has_form else HEADLESS_USERS
        if not has_form and parsed.run_time is None:
            parsed.run_time = HEADLESS_SECONDS
    if parsed.spawn_rate is None:
        parsed.spawn_rate = spawn_rate(parsed.num_users, 1)


def spawn_rate(users: int, processes: int) -> float:
    """How many users start in a second, where nothing was asked for."""
    return float(min(MAX_STARTS_PER_SECOND * max(1, processes), max(1, users // SECONDS_TO_START)))
