"""The run to which a history belongs. Pure.

Histories are named after scenarios, and not after runs.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from roomproof.history import Event, Started
from roomproof.report.saved_run import SavedRun

NS_PER_S = 1_000_000_000

TOLERANCE_NS = NS_PER_S
"""Maximum time by which a wall clock may have been set back during a run, in nanoseconds."""


def is_of_run(events: Sequence[Event], run: SavedRun, runs: Iterable[SavedRun]) -> bool:
    """Whether a history can be of a run.

    It must have begun after the run, and none of the other `runs` in between.

    A history without the time of its first event can be of any run.
    """
    began, started = _began(events), _started(run)
    if began is None or started is None:
        return True
    if began < started - TOLERANCE_NS:
        return False
    return not any(started < other <= began for one in runs if (other := _started(one)) is not None)


def _began(events: Sequence[Event]) -> int | None:
    """Return the wall clock at the first event, in nanoseconds since 1970."""
    epoch = next((event.epoch for event in events if isinstance(event, Started)), 0)
    first = next((event.at for event in events if not isinstance(event, Started)), None)
    return None if first is None or not epoch else epoch + first


def _started(run: SavedRun) -> int | None:
    """Return the start of a run, in nanoseconds since 1970."""
    try:
        started = datetime.fromisoformat(run.run.started)
    except ValueError:
        return None
    return round((started if started.tzinfo else started.replace(tzinfo=UTC)).timestamp() * NS_PER_S)
