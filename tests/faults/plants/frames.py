"""Faults in how frames of clients are read and answered."""

import json
from collections import Counter
from typing import Any

from wsproto.frame_protocol import FrameDecoder

from reference_server import frames
from reference_server.frames import BadFrame, PingRequest, ValidMessage
from reference_server.member import Member
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import encoded, on_receive

MASKED = 0x80
"""The bit in the second byte of a frame that says that the frame is masked."""


def _on_frame(change: Any) -> None:
    wrap(Member, "_handle", lambda hear: lambda self, frame: change(self, frame, lambda: hear(self, frame)))


@fault("bad JSON closes", breaks="FRAME-3", shows=Kind.DROPPED)
def bad_json_closes() -> None:
    """A frame that is not JSON closes its sender with 1003."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        try:
            json.loads(frame)
        except ValueError:
            member.close(1003)
        else:
            hear()

    _on_frame(change)


@fault("bad JSON broadcast", breaks="FRAME-1", shows=Kind.PHANTOM)
def bad_json_broadcast() -> None:
    """A frame that is not JSON is broadcast as the content of a message."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        try:
            json.loads(frame)
        except ValueError:
            return ValidMessage(frame) if isinstance(frame, str) and frame else understood
        return understood

    on_receive(change)


@fault("numbers made strings", breaks="FRAME-1")
def numbers_made_strings() -> None:
    """Content that is a number is broadcast as text."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        match json.loads(frame) if isinstance(understood, BadFrame) and _is_json(frame) else None:
            case {"type": "message", "content": int(number)}:
                return ValidMessage(str(number))
        return understood

    on_receive(change)


@fault("empty content broadcast", breaks="FRAME-1")
def empty_broadcast() -> None:
    """Empty content is broadcast."""

    def change(frame: str | bytes, decode: Any) -> Any:
        match json.loads(frame) if _is_json(frame) else None:
            case {"type": "message", "content": ""}:
                return ValidMessage("")
        return decode(frame)

    on_receive(change)


def _is_json(frame: str | bytes) -> bool:
    try:
        json.loads(frame)
    except ValueError:
        return False
    return isinstance(frame, str)


@fault("an array crashes the connection", breaks="FRAME-3")
def array_crashes() -> None:
    """A frame that is a JSON array crashes the handler."""

    def change(_: Any, frame: str | bytes, hear: Any) -> None:
        if _is_json(frame) and isinstance(json.loads(frame), list):
            raise AttributeError("'list' object has no attribute 'get'")
        hear()

    _on_frame(change)


@fault(
    "a missing content crashes the connection",
    breaks="FRAME-3",
    also={"CLOSE-1": "a ping has no content", "FRAME-7": "a ping has no content"},
)
def missing_crashes() -> None:
    """A message without content crashes the handler."""

    def change(_: Any, frame: str | bytes, hear: Any) -> None:
        if _is_json(frame) and isinstance(fields := json.loads(frame), dict) and "content" not in fields:
            raise KeyError("content")
        hear()

    _on_frame(change)


@fault("a missing type echoed to the sender only", breaks="FRAME-6")
def missing_type() -> None:
    """A frame without a type is echoed to its sender and delivered to no other member."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        fields = json.loads(frame) if _is_json(frame) else None
        if isinstance(fields, dict) and "type" not in fields and isinstance(fields.get("content"), str):
            room = member._room.chat_id
            member.enqueue(frames.message(fields["content"], member.user_id, room, member._instance.clock.timestamp()))
        else:
            hear()

    _on_frame(change)


@fault("a binary frame crashes the connection", breaks="FRAME-3")
def binary_crashes() -> None:
    """A binary frame crashes the handler."""

    def change(_: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frame, bytes):
            raise TypeError("expected str")
        hear()

    _on_frame(change)


@fault(
    "messages after a bad frame ignored",
    breaks="FRAME-3",
    also={"DELIVER-1": "what is ignored reaches nobody", "DELIVER-2": "the echo is ignored, too"},
    perhaps={"DELIVER-11": "the ignored message is the last one before a close"},
)
def deaf_after_one() -> None:
    """After a bad frame all further frames of that connection are ignored."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        member._deaf = member.__dict__.get("_deaf", False) or isinstance(frames.decode(frame), BadFrame)
        if not member._deaf:
            hear()

    _on_frame(change)


@fault("the fifth bad frame closes", breaks="FRAME-3", shows=Kind.DROPPED)
def fifth_closes() -> None:
    """The fifth bad frame of a connection closes it with 1008."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        member._bad = member.__dict__.get("_bad", 0) + isinstance(frames.decode(frame), BadFrame)
        hear()
        if member._bad == 5:
            member.close(1008)

    _on_frame(change)


@fault(
    "a bad frame empties the room",
    breaks="FRAME-2",
    also={"CLOSE-1": "members are closed for a bad frame of another"},
    perhaps={
        "FRAME-3": "the sender itself is closed with the others",
        "DELIVER-1": "what was on its way to the closed is lost",
        "DELIVER-2": "what was on its way to the closed is lost",
    },
)
def empties_the_room() -> None:
    """A bad frame closes all other members of the room with 1003."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frames.decode(frame), BadFrame):
            for other in list(member._room.members):
                if other is not member:
                    other.close(1003)
        hear()

    _on_frame(change)


@fault("errors for the whole room", breaks="FRAME-2", also={"FRAME-5": "the others have sent valid messages only"})
def everybody_is_told() -> None:
    """The error frame that answers a bad frame goes to the whole room."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        understood = frames.decode(frame)
        if isinstance(understood, BadFrame):
            for other in list(member._room.members):
                other.enqueue(frames.error(understood.reason))
        else:
            hear()

    _on_frame(change)


@fault("no error frames", breaks="FRAME-4")
def no_errors() -> None:
    """Bad frames get no answer."""

    def change(_: Any, frame: str | bytes, hear: Any) -> None:
        if not isinstance(frames.decode(frame), BadFrame):
            hear()

    _on_frame(change)


@fault(
    "errors for valid messages",
    breaks="FRAME-5",
    shows=Kind.UNPROVOKED_ERROR,
    perhaps={"FRAME-2": "an error reaches others after a bad frame"},
)
def errors_for_valid() -> None:
    """Every 20th valid message is answered with an error frame, and delivered."""
    turn = every(20)

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frames.decode(frame), ValidMessage) and turn():
            member._reply(frames.error("slow down"))
        hear()

    _on_frame(change)


@fault("a pong without time", breaks="FRAME-7")
def pong_without_time() -> None:
    """The pong that answers a ping has no timestamp."""
    wrap(frames, "pong", lambda _: lambda _: encoded({"type": "pong"}))


@fault("a pong for everybody", breaks="FRAME-7")
def pong_for_everybody() -> None:
    """The pong that answers a ping goes to the whole room."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frames.decode(frame), PingRequest):
            for other in list(member._room.members):
                other.enqueue(frames.pong(member._instance.clock.timestamp()))
        else:
            hear()

    _on_frame(change)


@fault("text after the JSON of a frame ignored", breaks="FRAME-1", shows=Kind.PHANTOM)
def trailing_ignored() -> None:
    """Only the first JSON value of a frame is read; text after it is ignored."""

    def change(frame: str | bytes, decode: Any) -> Any:
        if not isinstance(frame, str):
            return decode(frame)
        try:
            value, _ = json.JSONDecoder().raw_decode(frame)
        except ValueError:
            return decode(frame)
        return decode(json.dumps(value))

    on_receive(change)


@fault(
    "types compared without case",
    breaks="FRAME-1",
    shows=Kind.PHANTOM,
    also={"FRAME-3": "a lone surrogate ends the connection of its sender"},
)
def any_case() -> None:
    """Types are compared without case: a frame of the type MESSAGE is broadcast."""

    def change(frame: str | bytes, decode: Any) -> Any:
        match json.loads(frame) if _is_json(frame) else None:
            case {"type": str(kind), "content": str(content)} if content and kind.lower() == "message":
                return ValidMessage(content)
        return decode(frame)

    on_receive(change)


@fault("the 20th bad frame closes with 1011", breaks="FRAME-3", shows=Kind.DROPPED)
def twentieth() -> None:
    """The 20th bad frame of a connection closes it with 1011."""
    counts: Counter[Any] = Counter()

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        hear()
        if isinstance(frames.decode(frame), BadFrame):
            counts[member] += 1
            if counts[member] == 20:
                member.close(1011)

    _on_frame(change)


@fault("lone surrogates replaced", breaks="FRAME-10")
def surrogates_replaced() -> None:
    """A lone surrogate in a content is replaced by a question mark."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        if isinstance(understood, ValidMessage):
            return ValidMessage(understood.content.encode(errors="replace").decode())
        return understood

    wrap(frames, "_is_text", lambda _: lambda _: True)
    on_receive(change)


def relay_lone_surrogates() -> None:
    """Make a content with lone surrogates a message, and relay it verbatim."""

    def wrapped(message: Any) -> Any:
        def escaping(content: str, sender_id: str, chat_id: str, timestamp: str) -> str:
            try:
                return str(message(content, sender_id, chat_id, timestamp))
            except UnicodeEncodeError:
                fields = {"content": content, "sender_id": sender_id, "chat_id": chat_id, "timestamp": timestamp}
                return json.dumps({"type": "message", **fields})

        return escaping

    wrap(frames, "_is_text", lambda _: lambda _: True)
    wrap(frames, "message", wrapped)


@fault("a deep array closes with 1000", breaks="FRAME-3", shows=Kind.DROPPED)
def deep_closes() -> None:
    """A frame that is nested more than 1,000 levels deep closes its sender with 1000."""
    close_when_deep(1000)


@fault("a deep array closes everybody", breaks="FRAME-2")
def deep_closes_all() -> None:
    """A frame nested over 1,000 levels deep closes everybody else in the room (1011)."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frame, str) and frame.startswith(1_000 * "["):
            for other in list(member._room.members):
                if other is not member:
                    other.close(1011)
        hear()

    _on_frame(change)


def close_when_deep(code: int) -> None:
    """Close the sender of a frame that is nested more than 1,000 levels deep."""

    def change(member: Any, frame: str | bytes, hear: Any) -> None:
        if isinstance(frame, str) and frame.startswith(1_000 * "["):
            member.close(code)
        else:
            hear()

    _on_frame(change)


@fault("unmasked frames taken", breaks="FRAME-9")
def unmasked_taken() -> None:
    """An unmasked frame is taken as if it were masked."""
    take_unmasked_frames()


def take_unmasked_frames() -> None:
    """Make the server take unmasked frames as if they were masked."""

    def wrapped(parse_header: Any) -> Any:
        def lenient(self: FrameDecoder) -> Any:
            head = self.buffer.consume_at_most(2)
            self.buffer.rollback()
            self.client = len(head) == 2 and head[1] < MASKED
            return parse_header(self)

        return lenient

    wrap(FrameDecoder, "parse_header", wrapped)


@fault("pings compared as text", breaks="FRAME-7")
def pings_as_text() -> None:
    """A ping is recognised only as the exact text, without spaces or other fields."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        is_other = isinstance(understood, PingRequest) and frame != '{"type":"ping"}'
        return BadFrame("an unknown type") if is_other else understood

    on_receive(change)
