"""Links that a server ended, while the tester's own process stood still."""

import pytest

from roomproof.history import Closed
from roomproof.judge.findings import Finding, Kind
from roomproof.suite.disturbance import why_disturbed

CUT = [Closed(1, 9, None)]
DROPPED = [Finding(Kind.DROPPED, "CLOSE-1", 1, "the server closed 'bob' without a Close frame")]


@pytest.mark.parametrize(("heartbeat", "pause"), [(3.0, 1.0), (3.0, 9.0), (None, 7.0)])
def test_a_server_may_have_taken_us_for_dead(heartbeat: float | None, pause: float) -> None:
    why = why_disturbed(DROPPED, CUT, heartbeat, pause)

    assert why is not None
    assert f"{pause:.1f} s" in why


@pytest.mark.parametrize(
    ("findings", "events", "heartbeat", "pause"),
    [
        pytest.param(DROPPED, CUT, 3.0, 0.9, id="a short pause"),
        pytest.param(DROPPED, CUT, None, 6.0, id="a pause shorter than the usual heartbeat"),
        pytest.param(DROPPED, [Closed(1, 9, 1000)], 3.0, 9.0, id="closed with a code"),
        pytest.param([], CUT, 3.0, 9.0, id="nothing found"),
        pytest.param(DROPPED, [Closed(2, 9, None)], 3.0, 9.0, id="another link"),
    ],
)
def test_everything_else_is_the_server(
    findings: list[Finding], events: list[Closed], heartbeat: float | None, pause: float
) -> None:
    assert why_disturbed(findings, events, heartbeat, pause) is None
