"""Nearly every history that is told by hand reaches both judges."""

from collections import Counter

import pytest

from tests.unit.judge.judges import OfflineOnly, StreamingOnly
from tests.unit.judge.marks import reason_of

HIGHEST_COUNTS: dict[OfflineOnly | StreamingOnly | None, int] = {
    OfflineOnly.SHARED_USER: 9,
    OfflineOnly.BAD_FRAMES: 48,
    OfflineOnly.OWN_WORDS: 5,
    OfflineOnly.AFTER_DEADLINE: 1,
    StreamingOnly.SETTLING: 7,
    StreamingOnly.MEMORY: 6,
    StreamingOnly.TIMING: 10,
    StreamingOnly.MEANWHILE: 7,
    StreamingOnly.DETAIL: 3,
    StreamingOnly.BYTES: 1,
}
"""The highest number of histories that reach only one judge, by reason."""


def test_few_histories_reach_only_one_judge(request: pytest.FixtureRequest) -> None:
    """Tell a new history to both judges, or raise a count above.

    `-rP` shows the counts of a run.
    """
    told = [one for one in request.session.items if {"tale", "talk"} & set(getattr(one, "fixturenames", ()))]
    counts = Counter(reason_of(item) for item in told)

    for reason, count in counts.items():
        print(count, f"reach one judge, {reason}: {reason.value}" if reason else "reach both judges")
    del counts[None]
    assert {reason: count for reason, count in counts.items() if count > HIGHEST_COUNTS.get(reason, 0)} == {}
