"""Refusals and endings are told in plain words, whatever is missing."""

import pytest

from roomproof.history import Closed, Refused
from roomproof.spec.messages import Pong
from roomproof.stage.endings import Refusal, ending


@pytest.mark.parametrize(
    ("refusal", "text"),
    [
        pytest.param(Refusal.of_handshake(Refused(1, 0, 403, "no")), "HTTP status 403 'no'", id="by a status"),
        pytest.param(
            Refusal.of_handshake(Refused(1, 0, None, "TimeoutError: timed out")),
            "neither an HTTP status nor a Close frame (TimeoutError: timed out)",
            id="by no answer",
        ),
        pytest.param(
            Refusal.of_connection(Closed(1, 0, 4004, "gone"), ()),
            "a Close frame with 4004 'gone' before any other frame",
            id="by a close",
        ),
        pytest.param(
            Refusal.of_connection(Closed(1, 0, 4004), (Pong("now"),)),
            "a Close frame with 4004 after 1 frame",
            id="late",
        ),
    ],
)
def test_a_refusal_says_what_came(refusal: Refusal, text: str) -> None:
    assert str(refusal) == text


def test_a_link_that_ended_has_no_code() -> None:
    assert ending(Closed(1, 0, None, "reset")) == "the end of the link without a Close frame (reset)"
