import json

import pytest

from reference_server import frames
from reference_server.frames import BadFrame, PingRequest, ValidMessage
from reference_server.names import ChatId, UserId

KITCHEN, ALICE, NOON = ChatId("chat-1"), UserId("alice"), "2025-12-23T12:00:00.000000"

CONTENTS = [
    pytest.param("soup", id="ascii"),
    pytest.param(" \t\n ", id="white space"),
    pytest.param("\x00\x1f\x7f\x85\u2028\ufeff", id="control characters"),
    pytest.param("Zoë 👩‍👩‍👧 \U0010ffff e\u0301", id="unicode"),
    pytest.param('{"type":"message"}\\n</script>&amp;', id="markup"),
    pytest.param("x" * 4096, id="4096 code points"),
]


@pytest.mark.parametrize("content", CONTENTS)
def test_content_is_carried_verbatim(content: str) -> None:
    for escaped in (True, False):
        heard = frames.decode(json.dumps({"type": "message", "content": content}, ensure_ascii=escaped))

        assert heard == ValidMessage(content)
        assert json.loads(frames.message(content, ALICE, KITCHEN, NOON)) == {
            "type": "message",
            "content": content,
            "sender_id": "alice",
            "chat_id": "chat-1",
            "timestamp": NOON,
        }


@pytest.mark.parametrize(
    "extra",
    [
        pytest.param('"sender_id":"bob"', id="a claim"),
        pytest.param('"x":"\\ud800"', id="a lone surrogate"),
        pytest.param(f'"x":{"9" * 5000}', id="a number that Python does not read"),
        pytest.param('"x":1e999', id="a number beyond floats"),
        pytest.param('"x":[[[{"y":null}]]]', id="nesting"),
    ],
)
def test_fields_that_the_server_does_not_know_are_ignored(extra: str) -> None:
    assert frames.decode(f'{{"type":"message",{extra},"content":"soup"}}') == ValidMessage("soup")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param("soup?", id="not JSON"),
        pytest.param("", id="empty"),
        pytest.param('{"type":"message","content":"soup"', id="cut off"),
        pytest.param('{"type":"message","content":"soup"} x', id="followed by more"),
        pytest.param('\ufeff{"type":"message","content":"soup"}', id="with a byte order mark"),
        pytest.param("[" * 60_000, id="nested without end"),
        pytest.param('{"type":"message","content":"soup","x":NaN}', id="NaN"),
        pytest.param('["message"]', id="an array"),
        pytest.param("null", id="null"),
        pytest.param('{"content":"soup"}', id="without type"),
        pytest.param('{"type":"shout","content":"soup"}', id="an unknown type"),
        pytest.param('{"type":["message"],"content":"soup"}', id="a type that is no string"),
        pytest.param('{"type":"message"}', id="without content"),
        pytest.param('{"type":"message","content":""}', id="empty content"),
        pytest.param('{"type":"message","content":null}', id="null content"),
        pytest.param('{"type":"message","content":42}', id="a whole number as content"),
        pytest.param('{"type":"message","content":4.2}', id="a number as content"),
        pytest.param('{"type":"message","content":{"a":"b"}}', id="an object as content"),
        pytest.param('{"type":"message","content":"a\\ud800b"}', id="a lone surrogate"),
        pytest.param(b'{"type":"message","content":"soup"}', id="binary"),
    ],
)
def test_a_bad_frame_has_a_reason(frame: str | bytes) -> None:
    heard = frames.decode(frame)

    assert isinstance(heard, BadFrame)
    assert json.loads(frames.error(heard.reason)) == {"type": "error", "content": heard.reason}
    assert "soup" not in heard.reason


def test_a_ping_is_answered_with_a_pong() -> None:
    assert frames.decode('{"type":"ping"}') == PingRequest()
    assert json.loads(frames.pong(NOON)) == {"type": "pong", "timestamp": NOON}


def test_notices_name_the_user_exactly() -> None:
    zoe = UserId('Zoë "the\\boss"')

    joined, left = (
        json.loads(frames.join_notice(zoe, KITCHEN, NOON)),
        json.loads(frames.leave_notice(zoe, KITCHEN, NOON)),
    )

    assert joined == {"type": "system", "content": f"{zoe} joined the chat", "chat_id": "chat-1", "timestamp": NOON}
    assert left == {"type": "system", "content": f"{zoe} left the chat", "chat_id": "chat-1", "timestamp": NOON}
