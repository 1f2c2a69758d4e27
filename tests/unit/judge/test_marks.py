"""Messages with the mark of another scenario."""

import json

import pytest

from roomproof.history import Deadline, Event, Opened, Opening, Received, Sent
from roomproof.judge.findings import Kind
from roomproof.judge.offline.judge import judge
from roomproof.spec.messages import message

SAID = "hello [8c318697.1]"


def heard(content: str) -> list[Event]:
    """Return a history in which alice, alone, hears herself and this content."""
    frames = [
        {"type": "system", "content": "alice joined the chat"},
        {"type": "message", "content": SAID, "sender_id": "alice"},
        {"type": "message", "content": content, "sender_id": "alice"},
    ]
    texts = [json.dumps({**one, "chat_id": "x", "timestamp": "1970-01-01T00:00:00"}) for one in frames]
    return [
        Opening(1, 1, "x", "alice"),
        Opened(1, 2),
        Sent(1, 3, text=message(SAID)),
        *(Received(1, at, text=text) for at, text in enumerate(texts, 4)),
        Deadline(10),
    ]


@pytest.mark.parametrize(
    ("content", "violation"),
    [
        pytest.param("hello [dd8c3a73.1]", (Kind.LEAKED, "DELIVER-4"), id="the mark of another scenario"),
        pytest.param("hello [8c318697.2]", (Kind.PHANTOM, "DELIVER-14"), id="the mark of this scenario"),
        pytest.param("hello [DD8C3A73.1]", (Kind.PHANTOM, "DELIVER-14"), id="no mark"),
    ],
)
def test_a_mark_tells_where_a_message_was_said(content: str, violation: tuple[Kind, str]) -> None:
    assert [(one.kind, one.rule) for one in judge(heard(content))] == [violation]
