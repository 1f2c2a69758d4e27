"""The state of the runs of one Locust process, as the web UI shows it."""

from dataclasses import dataclass

from roomproof.load.controller.run import LoadRun
from roomproof.load.figures.bisection import Bisection
from roomproof.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Progress:
    """The current run, and the search for the capacity, if the run is a step of one."""

    run: LoadRun | None
    """None before the first start, and after a start that failed."""
    trouble: str = ""
    """The reason why the last start failed; empty if it did not."""
    search: Bisection | None = None
    final: Verdict | None = None
    """The verdict of a search that has ended."""
