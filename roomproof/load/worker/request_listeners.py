"""Passes deliveries and failures on to those who listen to Locust's requests.

Locust's own listener is left out: its statistics get everything in batches (stats_table.py). So are Roomproof's own.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locust.event import EventHook

Listener = Callable[..., object]
"""A listener to requests, as Locust calls it."""

METHOD = "WS"
"""The type of all requests of Roomproof."""

MAX_EVENTS = 1_000
"""Maximum number of events of one name that are passed on at once. More requests share events."""

OWN_MODULES = ("locust.runners", "roomproof.")
"""Beginnings of the modules whose listeners do not get these events."""


class BrokenRuleError(Exception):
    """A finding or a failed handshake, as a request's exception."""

    def __repr__(self) -> str:
        return str(self)


class RequestListeners:
    """The listeners of scripts and plugins to the requests of a Locust process."""

    def __init__(self, hook: "EventHook") -> None:
        self._hook = hook

    def tell_times(self, name: str, microseconds: Mapping[int, int]) -> None:
        """Pass on requests that succeeded, as a histogram of their times.

        Beyond MAX_EVENTS, each event stands for several requests: `context["requests"]` says how many.
        """
        listeners = self._others()
        if listeners:
            for time_us, requests in sample(microseconds, MAX_EVENTS):
                _tell(listeners, name, time_us / 1_000, None, requests)

    def tell_failures(self, name: str, reason: str, failures: int) -> None:
        """Pass on failures, one by one up to MAX_EVENTS.

        The last event stands for all others.
        """
        listeners = self._others()
        if listeners:
            for number in range(min(failures, MAX_EVENTS)):
                requests = 1 if number < MAX_EVENTS - 1 else failures - number
                _tell(listeners, name, None, BrokenRuleError(reason), requests)

    def _others(self) -> list[Listener]:
        """The listeners that get these events."""
        return [
            handler
            for handler in self._hook._handlers
            if not str(getattr(handler, "__module__", "")).startswith(OWN_MODULES)
        ]


def _tell(
    listeners: list[Listener], name: str, response_time: float | None, failure: Exception | None, requests: int
) -> None:
    """Call listeners as Locust does."""
    for listener in listeners:
        try:
            listener(
                request_type=METHOD,
                name=name,
                response_time=response_time,
                response_length=0,
                response=None,
                context={"requests": requests},
                exception=failure,
                start_time=None,
                url=None,
            )
        except Exception:  # even StopUser and its like: a delivery belongs to no task that could be stopped
            logging.exception("a listener to requests failed")


def sample(histogram: Mapping[int, int], most: int) -> Iterator[tuple[int, int]]:
    """Yield values of a histogram, each with the number of values it stands for.

    At most this many values are taken. They are evenly spaced by rank, so that percentiles stay what they are.
    """
    total = sum(histogram.values())
    taken = min(total, most)
    rank = number = 0
    for value in sorted(histogram):
        rank += histogram[value]
        while number < taken and (2 * number + 1) * total < 2 * rank * taken:
            yield value, (number + 1) * total // taken - number * total // taken
            number += 1
