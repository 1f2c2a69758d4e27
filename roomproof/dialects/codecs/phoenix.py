"""Phoenix channels, version 2 of the JSON serializer.

Source: "Writing a Channels Client" in the documentation of Phoenix. A frame `[join_ref, ref, topic, event, payload]` is
the value `{topic = ..., event = ..., payload = {...}, join_ref = ..., ref = ...}`.
"""

from collections.abc import Mapping

from roomproof.dialects.codecs.codec import FrameError
from roomproof.dialects.codecs.json_text import encode_json, read_json, text_of

HEARTBEAT_S = 30
"""Seconds between two heartbeats of Phoenix's own client. A server waits for 60 s."""

_KEYS = ("join_ref", "ref", "topic", "event", "payload")


class PhoenixCodec:
    """Frames tables with `topic`, `event` and `payload` as Phoenix does.

    A connection joins one topic, so `join_ref` and `ref` are "1" unless the file gives others.
    """

    tables: Mapping[str, object] = {
        "connect": {"query": {"vsn": "2.0.0"}},
        "heartbeat": {"every": HEARTBEAT_S, "frame": {"topic": "phoenix", "event": "heartbeat", "payload": {}}},
        "hear": [
            {"when": {"event": "phx_reply"}, "ignore": True},
            {"when": {"event": "presence_state"}, "ignore": True},
            {"when": {"event": "presence_diff"}, "ignore": True},
        ],
    }

    def check(self, value: object) -> None:
        """Raise FrameError for anything but a table of the five keys."""
        if not isinstance(value, dict) or not value.keys() <= set(_KEYS):
            raise FrameError(f"expected a table of {', '.join(_KEYS)}")

    def encode(self, value: object) -> str:
        """Return the array. Raises FrameError for a table without topic or event."""
        self.check(value)
        if not isinstance(value, dict) or not {"topic", "event"} <= value.keys():
            raise FrameError("expected a table with topic and event")
        join_ref = None if value["topic"] == "phoenix" else "1"  # the topic of heartbeats is never joined
        defaults: dict[str, object] = {"join_ref": join_ref, "ref": "1", "payload": {}}
        return encode_json([value.get(key, defaults.get(key)) for key in _KEYS])

    def decode(self, frame: str | bytes) -> object:
        """Return the table. Raises FrameError for anything but an array of five."""
        value = read_json(text_of(frame))
        if not isinstance(value, list) or len(value) != len(_KEYS):
            raise FrameError(f"expected an array [{', '.join(_KEYS)}]")
        return dict(zip(_KEYS, value, strict=True))
