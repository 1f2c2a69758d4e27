"""Listeners to requests learn of deliveries and failures, at a bounded cost."""

from types import SimpleNamespace
from typing import Any

import pytest

from roomproof.load.worker.request_listeners import MAX_EVENTS, RequestListeners, sample

Heard = list[dict[str, Any]]


def hook_of(handlers: list[Any]) -> Any:
    """A hook of Locust, whose own module would change this whole process."""
    return SimpleNamespace(_handlers=handlers)


def listening_to(*modules: str) -> tuple[RequestListeners, Heard]:
    """Listeners of these modules, and the list of all events that they get."""
    handlers, heard = list[Any](), Heard()
    for module in modules:

        def listener(**request: Any) -> None:
            heard.append(request)

        listener.__module__ = module
        handlers.append(listener)
    return RequestListeners(hook_of(handlers)), heard


def test_a_listener_gets_each_delivery() -> None:
    listeners, heard = listening_to("my_script")

    listeners.tell_times("deliver", {1_500: 2, 3_000: 1})

    assert [(one["request_type"], one["name"], one["response_time"]) for one in heard] == [
        ("WS", "deliver", 1.5),
        ("WS", "deliver", 1.5),
        ("WS", "deliver", 3.0),
    ]
    assert {one["exception"] for one in heard} == {None}


def test_a_listener_gets_each_failure() -> None:
    listeners, heard = listening_to("my_script")

    listeners.tell_failures("deliver", "lost (DELIVER-1)", 3)

    assert [repr(one["exception"]) for one in heard] == ["lost (DELIVER-1)"] * 3
    assert [one["response_time"] for one in heard] == [None] * 3


@pytest.mark.parametrize("module", ["locust.runners", "roomproof.load.controller.script_errors"])
def test_locust_and_roomproof_get_nothing_twice(module: str) -> None:
    listeners, heard = listening_to(module)

    listeners.tell_times("deliver", {1_500: 2})
    listeners.tell_failures("deliver", "lost (DELIVER-1)", 3)

    assert heard == []


def test_events_of_a_busy_second_stand_for_several() -> None:
    listeners, heard = listening_to("my_script")

    listeners.tell_times("deliver", {1_000: 9_000, 2_000: 15_500})
    listeners.tell_failures("deliver", "lost (DELIVER-1)", 2_500)

    deliveries, failures = heard[:MAX_EVENTS], heard[MAX_EVENTS:]
    assert len(failures) == MAX_EVENTS
    assert sum(one["context"]["requests"] for one in deliveries) == 24_500
    assert sum(one["context"]["requests"] for one in failures) == 2_500


def test_a_listener_that_fails_does_no_harm(caplog: pytest.LogCaptureFixture) -> None:
    def fail(**_: Any) -> None:
        raise ValueError("my own bug")

    RequestListeners(hook_of([fail])).tell_times("deliver", {1: 1})

    assert "my own bug" in caplog.text


@pytest.mark.parametrize("most", [1, 2, 3, 5, 100, 1_000])
def test_a_sample_is_spaced_by_rank(most: int) -> None:
    histogram = {10: 90, 20: 9, 1_000: 1}

    taken = list(sample(histogram, most))

    assert len(taken) == min(most, 100)
    assert sum(stands_for for _, stands_for in taken) == 100
    assert [value for value, _ in taken] == sorted(value for value, _ in taken)
    assert taken[(len(taken) - 1) // 2][0] == 10, "the median stays what it is"


def test_no_times_are_no_sample() -> None:
    assert list(sample({}, 5)) == []
