"""Errors of the script: exceptions of tasks, and failed requests of other users."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from roomproof.load.figures.metrics import Count
from roomproof.verdict import EXIT_CODES, Conclusion

if TYPE_CHECKING:
    from locust.event import Events

LONGEST_REASON = 200
"""Characters of an error text that are kept."""

LOCUST_DEFAULT = 1
"""Locust's default for --exit-code-on-error, which is the code of an invalid run here."""


def listen(bus: "Events", note: Callable[[Count, str], None]) -> None:
    """Call `note` with each error of the script that Locust reports in this process."""

    def on_user_error(*, exception: BaseException, **_: Any) -> None:
        note(Count.TASKS_RAISED, f"{type(exception).__name__}: {exception}"[:LONGEST_REASON])

    def on_request(*, request_type: str, name: str, exception: BaseException | None = None, **_: Any) -> None:
        if exception:
            note(Count.REQUESTS_FAILED, f"{request_type} {name}: {exception}"[:LONGEST_REASON])

    bus.user_error.add_listener(on_user_error)
    bus.request.add_listener(on_request)


def worse_exit_code(of_verdict: int, on_error: int) -> int:
    """Return the exit code of a run in which Locust counted failures.

    `on_error` is --exit-code-on-error. It replaces the code of an inconclusive run, and never that of an invalid one.
    """
    if of_verdict == EXIT_CODES[Conclusion.INCONCLUSIVE] and on_error not in {0, LOCUST_DEFAULT}:
        return on_error
    return of_verdict
