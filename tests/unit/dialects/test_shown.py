"""People see in a few words what each frame was read as."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.shown import shown_received, shown_sent
from roomproof.spec.messages import (
    Bad,
    Error,
    Frame,
    Ignored,
    Malformed,
    Message,
    Notice,
    NoticeKind,
    Perhaps,
    Ping,
    Pong,
    Sending,
    Unmatched,
    Upkeep,
    Valid,
)
from tests.unit.dialects.files import CHAT, dialect_of


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Message("soup\n", "bob", "r", ""), "message of bob: 'soup\\n'"),
        (Message("soup", "", "r", ""), "message of somebody: 'soup'"),
        (Notice(NoticeKind.LEFT, "bob", "r", ""), "bob left"),
        (Error(None), "error: without a reason"),
        (Pong(""), "pong"),
        (Ignored("typing"), "ignored: typing"),
        (Malformed("expected JSON"), "malformed: expected JSON"),
        (Unmatched("expected JSON", "x"), "unmatched: expected JSON"),
    ],
)
def test_a_received_frame_is_named(frame: Frame | Unmatched, text: str) -> None:
    assert shown_received(frame) == text


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (Valid("soup"), "message: 'soup'"),
        (Perhaps("soup"), "message that may be refused: 'soup'"),
        (Ping(), "ping"),
        (Bad("not JSON", None), "bad frame: not JSON"),
        (Upkeep(), "opening, keep-alive or leave"),
    ],
)
def test_a_sent_frame_is_named(frame: Sending | Upkeep, text: str) -> None:
    assert shown_sent(frame) == text


@given(st.text() | st.binary())
def test_any_frame_is_shown_on_one_line(frame: str | bytes) -> None:
    frames = dialect_of(CHAT).frames

    assert shown_received(frames.read(frame, "r")).isprintable()
    assert shown_sent(frames.read_sent(frame)).isprintable()
