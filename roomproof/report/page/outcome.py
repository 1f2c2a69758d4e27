"""The outcome of runs in words, as pages and texts say it. Pure."""

from collections import Counter
from collections.abc import Sequence

from roomproof.report.saved_run import SavedRun
from roomproof.spec.rules import Protocol
from roomproof.verdict import Conclusion, Standing

INCOMPLETE = "incomplete"


def conclusion_of(saved: SavedRun) -> str:
    """Return the verdict of a run in one word: `incomplete` if it was killed."""
    return INCOMPLETE if saved.verdict is None else saved.verdict.verdict


def reason_of(saved: SavedRun) -> str:
    """Return the reason for the verdict of a run."""
    if saved.verdict is None:
        return "the run ended before its verdict; this is what it had found by then"
    return saved.verdict.reason


def worst_of(runs: Sequence[SavedRun]) -> Conclusion:
    """Return the verdict of the worst run.

    A killed run is inconclusive.
    """
    verdicts = {Conclusion.INCONCLUSIVE if run.verdict is None else run.verdict.verdict for run in runs}
    return next(one for one in (Conclusion.INVALID, Conclusion.INCONCLUSIVE, Conclusion.VALID) if one in verdicts)


def counts_text(saved: SavedRun, protocol: Protocol) -> str:
    """Return how many rules have each standing: `67 held, 0 broken, ...`."""
    counts = Counter(state.outcome for state in saved.rules(protocol).values())
    if saved.verdict is None:
        return f"{counts[Standing.BROKEN]} broken so far"
    return ", ".join(f"{counts[standing]} {words(standing)}" for standing in Standing)


def words(standing: Standing) -> str:
    """Return a standing as people write it."""
    return standing.replace("_", " ")
