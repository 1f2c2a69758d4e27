"""Refusals and endings are told in plain words, whatever is missing."""

import pytest

from roomproof.history import Closed, Refused
from roomproof.spec.messages import Notice, NoticeKind, Pong
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


NOTICE = Notice(NoticeKind.JOINED, "alice", "room", "now")


@pytest.mark.parametrize(
    ("refusal", "is_outsider", "is_silent"),
    [
        pytest.param(Refusal(401, None), True, True, id="401"),
        pytest.param(Refusal(403, None), True, True, id="403"),
        pytest.param(Refusal(404, None), False, True, id="another status"),
        pytest.param(Refusal(None, 1008), True, True, id="1008"),
        pytest.param(Refusal(None, 4004), True, True, id="4004"),
        pytest.param(Refusal(None, 1000), False, True, id="another code"),
        pytest.param(Refusal(None, 1008, (Pong("now"),)), False, True, id="1008 after a frame"),
        pytest.param(Refusal(None, 1008, (NOTICE,)), False, False, id="1008 after a notice"),
        pytest.param(Refusal(None, None, (), "denied"), False, True, id="a frame of its own"),
        pytest.param(Refusal(None, None, (NOTICE,), "denied"), False, False, id="a frame of its own after a notice"),
    ],
)
def test_outsiders_are_refused_in_these_ways(refusal: Refusal, is_outsider: bool, is_silent: bool) -> None:
    assert (refusal.is_outsider, refusal.is_silent) == (is_outsider, is_silent)
