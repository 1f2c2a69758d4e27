"""Errors of the script are noted, and can have an exit code of their own."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from roomproof.load.controller.script_errors import listen, worse_exit_code
from roomproof.load.figures.metrics import Count


class Hook:
    """An event of Locust, whose own module would change this whole process."""

    def add_listener(self, listener: Any) -> None:
        self.fire = listener


def test_exceptions_and_failed_requests_are_noted() -> None:
    bus = cast(Any, SimpleNamespace(user_error=Hook(), request=Hook()))
    noted: list[tuple[Count, str]] = []
    listen(bus, lambda count, reason: noted.append((count, reason)))

    bus.user_error.fire(user_instance=None, exception=ValueError("soup"), tb=None)
    bus.request.fire(request_type="GET", name="/nope", exception=OSError("404"), response_time=1)
    bus.request.fire(request_type="GET", name="/", exception=None, response_time=1)

    assert noted == [(Count.TASKS_RAISED, "ValueError: soup"), (Count.REQUESTS_FAILED, "GET /nope: 404")]


@pytest.mark.parametrize(
    ("of_verdict", "on_error", "code"),
    [
        pytest.param(3, 1, 3, id="the default"),
        pytest.param(3, 7, 7, id="another code"),
        pytest.param(3, 0, 3, id="no failure"),
        pytest.param(1, 7, 1, id="an invalid run"),
        pytest.param(0, 7, 0, id="a valid run"),
    ],
)
def test_a_given_exit_code_replaces_inconclusive(of_verdict: int, on_error: int, code: int) -> None:
    assert worse_exit_code(of_verdict, on_error) == code
