"""The mark of tests whose history reaches only one of the judges, with the reason."""

import pytest

from tests.unit.judge.judges import OfflineOnly, StreamingOnly


def one_judge(reason: OfflineOnly | StreamingOnly) -> pytest.MarkDecorator:
    """Mark a history that reaches only the judge that the reason names."""
    return pytest.mark.one_judge(reason)


def reason_of(item: pytest.Item) -> OfflineOnly | StreamingOnly | None:
    """Return why the history of a test reaches only one judge; None if both."""
    mark = item.get_closest_marker("one_judge")
    if mark is None:
        return None
    (reason,) = mark.args
    assert isinstance(reason, OfflineOnly | StreamingOnly)
    return reason
