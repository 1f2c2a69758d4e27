"""A history stays the same when it is written and read again."""

import pytest

from roomproof.history import (
    Closed,
    Closing,
    Deadline,
    Deleting,
    Dying,
    Event,
    FaultWindow,
    HistoryError,
    Opened,
    Opening,
    Reading,
    Received,
    Refused,
    Sent,
    Started,
    dump,
    read_history,
)

EVENTS: list[Event] = [
    Started(epoch=5, server_ahead=-3, capabilities=["fetch", "heartbeat"]),
    Opening(1, 10, "chat-1", "alice"),
    Opening(2, 10, "chat-1", None),
    Opened(1, 11, "10.0.0.1:80"),
    Refused(2, 12, 403, "no"),
    Sent(1, 13, text='{"type":"message","content":"\\ud800 é"}'),
    Sent(1, 14, binary=b"\x00\xff"),
    Received(1, 15, text="{}\n\x00"),
    Received(1, 16, binary=b""),
    Reading(1, 17, reads=False),
    Deleting(17, "chat-1"),
    FaultWindow(18, 19, 20, "redis restarted", ["a"]),
    Closing(1, 21, 1000),
    Dying(1, 22, "rst"),
    Closed(1, 23, None, "gone"),
    Deadline(24),
]


def test_written_events_are_read_back() -> None:
    assert list(read_history(dump(EVENTS).splitlines())) == EVENTS


def test_blank_lines_are_skipped() -> None:
    assert list(read_history([b"", b" \n", *dump(EVENTS[:1]).splitlines()])) == EVENTS[:1]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"soup", id="that is not JSON"),
        pytest.param(b"[]", id="that is no object"),
        pytest.param(b'{"kind":"dance","at":1}', id="of an unknown kind"),
        pytest.param(b'{"kind":"closing","connection":1,"at":"now","code":1}', id="with a field of the wrong type"),
        pytest.param(b'{"kind":"closing","connection":1,"at":1}', id="with a field missing"),
        pytest.param(b'{"kind":"deadline","at":1', id="that was cut off"),
        pytest.param(b'{"kind":"sent","connection":1,"at":1,"text":"\xff"}', id="that is not UTF-8"),
        pytest.param(b'{"kind":"started","version":99}', id="of another version"),
    ],
)
def test_a_line_is_refused_by_its_number(line: bytes) -> None:
    with pytest.raises(HistoryError, match=r"^line 2: "):
        list(read_history([*dump(EVENTS[:1]).splitlines(), line]))
