"""Received frames are read, and sent ones classified, as the protocol says."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.spec import messages
from roomproof.spec.messages import (
    Bad,
    Error,
    Ignored,
    Malformed,
    Message,
    Notice,
    NoticeKind,
    Perhaps,
    Ping,
    Pong,
    Valid,
)

MESSAGE = {
    "type": "message",
    "content": "soup",
    "sender_id": "alice",
    "chat_id": "chat-1",
    "timestamp": "2025-12-23T22:12:57.198004",
}
JOINED = {"type": "system", "content": "alice joined the chat", "chat_id": "chat-1", "timestamp": "2025-12-23T22:12:57"}


def test_a_message_is_read() -> None:
    assert messages.read(json.dumps(MESSAGE)) == Message("soup", "alice", "chat-1", MESSAGE["timestamp"])


def test_a_lone_surrogate_is_read_verbatim() -> None:
    frame = json.dumps({**MESSAGE, "content": "soup \udc00\ud800"})

    read = messages.read_text(frame.encode())

    assert read == messages.read(frame) == Message("soup \udc00\ud800", "alice", "chat-1", MESSAGE["timestamp"])


def test_unknown_fields_are_ignored() -> None:
    assert messages.read(json.dumps({**MESSAGE, "mood": [1]})) == messages.read(json.dumps(MESSAGE))


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_notice_is_read(kind: NoticeKind) -> None:
    frame = json.dumps({**JOINED, "content": f"alice {kind} the chat"})

    assert messages.read(frame) == Notice(kind, "alice", "chat-1", JOINED["timestamp"])


def test_a_user_id_may_look_like_a_notice() -> None:
    notice = messages.read(json.dumps({**JOINED, "content": "bob left the chat joined the chat"}))

    assert isinstance(notice, Notice)
    assert (notice.kind, notice.user_id) == (NoticeKind.JOINED, "bob left the chat")


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        pytest.param('{"type":"error","content":"no"}', Error("no"), id="an error"),
        pytest.param('{"type":"error","message":"no"}', Error(None), id="an error in another form"),
        pytest.param('{"type":"error","content":{"code":7}}', Error(None), id="an error that is no text"),
        pytest.param('{"type":"pong","timestamp":"2025-12-23T22:12:57Z"}', Pong("2025-12-23T22:12:57Z"), id="a pong"),
        pytest.param('{"type":"typing","user":"bob"}', Ignored("typing"), id="an unknown type"),
        pytest.param('{"type":"system","content":"maintenance at 5"}', Ignored("system"), id="an unknown system text"),
    ],
)
def test_other_frames_are_read(frame: str, expected: messages.Frame) -> None:
    assert messages.read(frame) == expected


@pytest.mark.parametrize("missing", list(MESSAGE))
def test_a_message_without_a_field_is_malformed(missing: str) -> None:
    frame = json.dumps({name: value for name, value in MESSAGE.items() if name != missing})

    assert isinstance(messages.read(frame), Malformed)
    assert messages.read_text(frame.encode()) == messages.read(frame)


@given(
    st.dictionaries(
        st.sampled_from([*MESSAGE, "mood"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*MESSAGE.values(), "system", "error"]),
    )
)
def test_both_readers_agree_on_any_frame(changes: dict[str, object]) -> None:
    frame = json.dumps({**MESSAGE, **changes})

    assert messages.read_text(frame.encode()) == messages.read(frame)


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\x00", id="binary"),
        pytest.param("soup", id="not JSON"),
        pytest.param("[]", id="an array"),
        pytest.param("{}", id="without a type"),
        pytest.param('{"type":7}', id="with a number as type"),
        pytest.param(json.dumps({**MESSAGE, "content": 42}), id="with a number as content"),
        pytest.param(json.dumps({**MESSAGE, "timestamp": "now"}), id="with no timestamp"),
        pytest.param(json.dumps({**JOINED, "chat_id": None}), id="a notice of no room"),
        pytest.param('{"type":"system","content":null}', id="a system frame without text"),
        pytest.param("[" * 100_000, id="nested too deep"),
        pytest.param(json.dumps({**MESSAGE, "mood": float("nan")}), id="with NaN in it"),
        pytest.param(json.dumps({**MESSAGE, "mood": [float("-inf")]}), id="with -Infinity in it"),
    ],
)
def test_a_frame_is_malformed(frame: str | bytes) -> None:
    assert isinstance(messages.read(frame), Malformed)
    if isinstance(frame, str):
        assert isinstance(messages.read_text(frame.encode()), Malformed)


@pytest.mark.parametrize(
    ("frame", "kind"),
    [
        pytest.param('{"type":"message","content":" "}', Valid, id="white space is content"),
        pytest.param('{"type":"message","content":"x","sender_id":"bob"}', Valid, id="a claimed sender_id is ignored"),
        pytest.param(f'{{"type":"message","content":"x","n":{"9" * 5_000}}}', Valid, id="a number of 5,000 digits"),
        pytest.param('{"content":"x"}', Perhaps, id="without a type, it may count as a message"),
        pytest.param(messages.message("x" * 4_097), Perhaps, id="4,097 code points may be refused"),
        pytest.param(messages.message("x", padding="p" * 66_000), Perhaps, id="66,000 bytes may be refused"),
        pytest.param('{"type":"message","content":"\\ud800"}', Perhaps, id="a lone surrogate may be refused"),
        pytest.param('{"type":"ping"}', Ping, id="a ping"),
        pytest.param('{"type":"message","content":""}', Bad, id="empty content"),
        pytest.param('{"type":"message"}', Bad, id="no content"),
        pytest.param('{"type":null,"content":"x"}', Bad, id="null as type"),
        pytest.param("[1]", Bad, id="an array"),
        pytest.param('{"type":"message","content":"x","n":NaN}', Bad, id="NaN is not JSON"),
        pytest.param(b'{"type":"message","content":"x"}', Bad, id="binary"),
    ],
)
def test_a_sent_frame_is_classified(frame: str | bytes, kind: type) -> None:
    assert isinstance(messages.read_sent(frame), kind)


@pytest.mark.parametrize(
    ("frame", "deep"),
    [
        pytest.param("[" * 32 + "]" * 32, False, id="32 levels"),
        pytest.param("[" * 33 + "]" * 33, True, id="33 levels"),
        pytest.param("[" * 30_000, True, id="brackets that never close"),
        pytest.param("[" + "[]," * 40 + "{}]", False, id="many side by side"),
        pytest.param(messages.message("[" * 40), False, id="brackets in a string"),
        pytest.param(messages.message('"' + "[" * 40), False, id="brackets after a quote in a string"),
        pytest.param(messages.message("x", n=json.loads("[" * 32 + "]" * 32)), True, id="a message"),
    ],
)
def test_a_frame_is_deep_by_its_nesting(frame: str, deep: bool) -> None:
    assert messages.is_deep(frame) is deep


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
def test_any_content_makes_a_valid_message(content: str) -> None:
    assert messages.read_sent(messages.message(content)) == Valid(content)


@pytest.mark.parametrize(
    "text",
    [
        "2025-12-23T22:12:57",
        "2025-12-23T22:12:57Z",
        "2025-12-23T22:12:57.1",
        "2025-12-23T22:12:57.198004123Z",
        "2025-12-24T00:12:57+02:00",
        "2025-12-23T17:12:57.5-05:00",
    ],
)
def test_a_timestamp_is_read(text: str) -> None:
    moment = messages.parse_timestamp(text)

    assert moment is not None
    assert moment.replace(microsecond=0) == datetime(2025, 12, 23, 22, 12, 57, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "now", "2025-12-23", "2025-12-23 22:12:57", "2025-13-23T22:12:57", "2025-12-23T25:00:00", "1766527977",
     "2025-12-23T22:12:57.", "2025-12-23T22:12:57.1234567890", "2025-12-23T22:12:57+0200", "٢٠٢٥-12-23T22:12:57"],
)  # fmt: skip
def test_anything_else_is_no_timestamp(text: str) -> None:
    assert messages.parse_timestamp(text) is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (1, 1.0, True),
        (2**64, 18446744073709552000, True),
        (2**64, 1e300, False),
        (10**400, 1, False),
        (1, True, False),
        (0, False, False),
        (None, False, False),
        ("1", 1, False),
        ([1, [2]], [1, [2]], True),
        ([1, 2], [2, 1], False),
        ({"a": 1, "b": None}, {"b": None, "a": 1}, True),
        ({"a": 1}, {"a": 1, "b": None}, False),
        ({"a": [True]}, {"a": [1]}, False),
    ],
)
def test_json_values_are_compared_by_value(left: object, right: object, same: bool) -> None:
    assert messages.same_json(left, right) is same
