"""Result files for tests, as runs write them."""

import json
from typing import Any

from roomproof.history import Deadline, Event, Opened, Opening, Received, Sent, Started
from roomproof.report.saved_run import SavedRun, read_run

HOSTILE = "</script></style><img src=x onerror=alert(1)>\"'`|&amp; \u202eevil\u2066 \0 \ud800 \x1b[31m {{ 7*7 }}"
"""A text that tries to leave its place: markup, quotes, table cells, bidi controls, NUL, half a character."""

Line = dict[str, Any]
"""A line of a result file."""

RUN: Line = {"kind": "run", "tool": "roomproof", "format": 1, "version": "0.1.0", "protocol": "1.1"}
RUN |= {"target": "http://chat.test", "started": "2026-12-01T09:13:36.8+00:00", "partial": False}

PASSED: Line = {"kind": "scenario", "id": "test_order.py::test_a", "rules": ["ORDER-1"], "outcome": "passed"}

FAILED: Line = {
    "kind": "scenario",
    "id": "test_deliver.py::test_b[two words]",
    "rules": ["DELIVER-3"],
    "outcome": "failed",
}
FAILED |= {"seconds": 0.5, "detail": "DELIVER-3: duplicated, at bob", "broken": ["DELIVER-3"], "follows_from": {}}

HELD = {"level": "MUST", "outcome": "held"}

VALID: Line = {
    "kind": "verdict",
    "verdict": "valid",
    "reason": "the server holds all of the 2 MUSTs that were tested",
}
VALID |= {"partial": False, "rules": {"ORDER-1": HELD, "DELIVER-3": HELD}}

INVALID: Line = {
    "kind": "verdict",
    "verdict": "invalid",
    "reason": "the server breaks DELIVER-3",
    "partial": False,
}
INVALID |= {"rules": {"ORDER-1": HELD, "DELIVER-3": {"level": "MUST", "outcome": "broken"}}}

LOAD = RUN | {"partial": True, "seed": "soup", "room_size": 10, "rate": 2.0, "message_bytes": 120}
LOAD |= {"slo": ["deliver.p99<250ms"]}

FINDING: Line = {"kind": "finding", "finding": "duplicated", "rule": "DELIVER-3", "receiver": 4}
FINDING |= {"text": "message 1 of 'u7' arrived again", "detail": "", "stream": 7, "item": 1}
FINDING |= {"witness": [{"kind": "received", "connection": 4, "at": 1_000, "text": "soup"}]}

LOADED = INVALID | {"counts": {"sent": 10, "delivered": 100}, "rate": 99.5, "sockets": 10, "rooms": 1}
LOADED |= {"latency_us": {"p50": 1_800, "p90": 2_800, "p99": 6_100, "p999": 11_000, "max": 12_000}}
LOADED |= {"generator": {"cpu_us_per_delivery": 12.5, "lag_ms_p99": 1.25, "rss_bytes_per_socket": None}}


def interval(second: int, **fields: Any) -> dict[str, Any]:
    """Return the line of a second."""
    usual = {"sent": 10, "delivered": 100, "sockets": 10, "p50": 1_800, "p99": 6_000 + second, "lag_ms": 1.5}
    return {"kind": "interval", "second": second} | usual | fields


def lines(*fields: dict[str, Any]) -> list[bytes]:
    """Return the lines of a result file."""
    return [json.dumps(line).encode() + b"\n" for line in fields]


def saved(*fields: dict[str, Any], name: str = "results") -> SavedRun:
    """Return the run of a result file with these lines."""
    return read_run(name, lines(*fields))


def doubled_history(content: str = "soup") -> list[Event]:
    """Return a history in which bob receives a message of alice twice."""
    said = json.dumps({"type": "message", "content": content})
    fields = {"type": "message", "content": content, "sender_id": "alice", "chat_id": "chat-1"}
    heard = json.dumps(fields | {"timestamp": "1970-01-01T00:00:00.000005"})
    joined = {"type": "user_joined", "user_id": "bob", "chat_id": "chat-1", "timestamp": "1970-01-01T00:00:00.000003"}
    return [
        Started(),
        Opening(1, 1_000, "chat-1", "alice"),
        Opened(1, 2_000),
        Opening(2, 3_000, "chat-1", "bob"),
        Opened(2, 4_000),
        Received(1, 4_500, text=json.dumps(joined)),
        Sent(1, 5_000, text=said),
        Received(1, 6_000, text=heard),
        Received(2, 6_000, text=heard),
        Received(2, 7_000, text=heard),
        Deadline(9_000),
    ]
