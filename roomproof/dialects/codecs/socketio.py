"""Socket.IO 5 over Engine.IO 4, over WebSocket.

Sources: socketio/engine.io-protocol (revision 4) and socketio/socket.io-protocol (revision 5).

| frame | value |
|---|---|
| `0{"sid": ...}`, `1`, `2`, `3`, `6` | `{engine = "open", data = {...}}`, `close`, `ping`, `pong`, `noop` |
| `40{"sid": ...}`, `41`, `44{...}` | `{socket = "connect", data = {...}}`, `disconnect`, `connect_error` |
| `42["chat", {...}]` | `["chat", {...}]` |
| `43["done"]` | `{socket = "ack", data = ["done"]}` |

The packets of another namespace than the codec's are tables that also have `namespace`.
"""

import re
from collections.abc import Mapping

from roomproof.dialects.codecs.codec import FrameError
from roomproof.dialects.codecs.json_text import encode_json, read_json

_ENGINE = {"0": "open", "1": "close", "2": "ping", "3": "pong", "5": "upgrade", "6": "noop"}
_SOCKET = {"0": "connect", "1": "disconnect", "2": "event", "3": "ack", "4": "connect_error"}
_ENGINE_TYPES = {name: digit for digit, name in _ENGINE.items()}
_SOCKET_TYPES = {name: digit for digit, name in _SOCKET.items()}
_BINARY_TYPES = ("5", "6")

_PACKET = re.compile(r"4([0-6])(?:(/[^,]*),)?(\d*)(.*)", re.DOTALL)
_FORMS = 'an array like ["event", {...}], or a table with `engine` or `socket`'


class SocketIoCodec:
    """Frames arrays, of an event and its arguments, as Socket.IO does."""

    def __init__(self, namespace: str = "/", auth: Mapping[str, object] | None = None) -> None:
        """`auth` is the payload with which a client connects to the namespace."""
        if not re.fullmatch(r"/[^,]*", namespace):
            raise FrameError(f"expected a namespace like /chat, got {namespace!r}")
        self._namespace = namespace
        connect = {"socket": "connect", **({"data": dict(auth)} if auth else {})}
        self.tables: Mapping[str, object] = {
            "connect": {"path": "/socket.io/", "query": {"EIO": "4", "transport": "websocket"}},
            "opening": [
                {"expect": {"engine": "open"}},
                {"send": connect},
                {"expect": {"socket": "connect"}, "refused": {"socket": "connect_error"}},
            ],
            "leave": {"frame": {"socket": "disconnect"}},
            "answer": [{"frame": {"engine": "ping"}, "with": {"engine": "pong"}}],
            "hear": [
                {"when": {"engine": "noop"}, "ignore": True},
                {"when": {"engine": "close"}, "ignore": True},
                {"when": {"socket": "disconnect"}, "ignore": True},
                {"when": {"socket": "ack"}, "ignore": True},
            ],
        }

    def check(self, value: object) -> None:
        """Raise FrameError for what is no event and no packet."""
        match value:
            case list() if value and isinstance(value[0], str):
                return
            case {"engine": str(kind)} if kind in _ENGINE_TYPES:
                return
            case {"socket": str(kind)} if kind in _SOCKET_TYPES:
                return
        raise FrameError(f"expected {_FORMS}")

    def encode(self, value: object) -> str:
        """Return the packet. Raises FrameError for what is no event and no packet."""
        self.check(value)
        match value:
            case {"engine": str(kind), **more}:
                return _ENGINE_TYPES[kind] + _data_of(more)
            case {"socket": str(kind), **more}:
                return f"4{_SOCKET_TYPES[kind]}{self._prefix(more.get('namespace', self._namespace))}{_data_of(more)}"
        return f"42{self._prefix(self._namespace)}{encode_json(value)}"

    def decode(self, frame: str | bytes) -> object:
        """Return the event or the packet. Raises FrameError, also for binary attachments."""
        if isinstance(frame, bytes):
            raise FrameError("expected a Socket.IO packet without binary attachments, got a binary frame")
        if frame[:1] in _ENGINE:
            return {"engine": _ENGINE[frame[0]], **_engine_data(frame)}
        packet = _PACKET.fullmatch(frame)
        if packet is None:
            raise FrameError("expected an Engine.IO packet, which begins with a digit from 0 to 6")
        digit, namespace, _, data = packet.groups()
        if digit in _BINARY_TYPES:
            raise FrameError("expected a Socket.IO packet without binary attachments, got one that announces some")
        payload = read_json(data) if data else None
        if digit == "2" and not (isinstance(payload, list) and payload and isinstance(payload[0], str)):
            raise FrameError("expected an array that begins with the name of an event")
        if digit == "2" and (namespace or "/") == self._namespace:
            return payload
        value = {"socket": _SOCKET[digit], **({"data": payload} if data else {})}
        return value if (namespace or "/") == self._namespace else {**value, "namespace": namespace or "/"}

    def _prefix(self, namespace: object) -> str:
        return "" if namespace == "/" else f"{namespace},"


def _data_of(value: Mapping[object, object]) -> str:
    return encode_json(value["data"]) if "data" in value else ""


def _engine_data(text: str) -> dict[str, object]:
    """Return the data of an Engine.IO packet. That of a probe is no JSON."""
    if len(text) == 1:
        return {}
    try:
        return {"data": read_json(text[1:])}
    except FrameError:
        return {"data": text[1:]}
