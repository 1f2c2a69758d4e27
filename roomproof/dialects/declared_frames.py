"""Frames that a target file declares."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from roomproof.dialects.envelope import unwrapped, wrapped
from roomproof.dialects.frames import BadFrame, Progress
from roomproof.dialects.hearing import Hear
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.session import Session
from roomproof.dialects.template import Template
from roomproof.dialects.wire import Wire
from roomproof.spec import messages
from roomproof.spec.limits import CONTENT_CODE_POINTS, FRAME_BYTES
from roomproof.spec.messages import FRAMES_REMEMBERED


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the opening: sends a frame, or expects one.

    `refused` is the frame that comes instead if the server refuses. `learn` has pointers by placeholder.
    """

    send: Template | None = None
    expect: Template | None = None
    refused: Template | None = None
    learn: Mapping[str, Pointer] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Say:
    """How a message is sent. With `has_envelope`, the content names its sender."""

    frame: Template
    has_envelope: bool = False
    ping: Template | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A keep-alive of the server, and the answer to it."""

    frame: Template
    reply: Template


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A keep-alive that a client sends by itself, every so many seconds."""

    every: float
    frame: Template


@dataclass(frozen=True, slots=True)
class Declared:
    """All that a target file declares about frames.

    The entries are tried in their order. `is_strict`: frames that nothing matches are malformed, instead of unmatched.
    """

    say: Say
    hears: tuple[Hear, ...]
    opening: tuple[Step, ...] = ()
    answers: tuple[Answer, ...] = ()
    heartbeat: Heartbeat | None = None
    leave: Template | None = None
    bad: tuple[Template, ...] = ()
    is_strict: bool = False


class DeclaredFrames:
    """Speaks frames as a target file declares them."""

    def __init__(self, wire: Wire, declared: Declared, bad_frames: tuple[BadFrame, ...] | None = None) -> None:
        """`bad_frames` take the place of those that the templates make."""
        self._wire = wire
        self._declared = declared
        self._extra_path = table_around(declared.say.frame, "content")
        self._upkeep = tuple(_upkeep(declared))
        self._expected = tuple(_expected(declared))
        self._read_cached = lru_cache(FRAMES_REMEMBERED)(self._read_any)
        self.bad_frames = (
            tuple(self._bad_frame(number, bad) for number, bad in enumerate(declared.bad, 1))
            if bad_frames is None
            else bad_frames
        )
        self.heartbeat_s = declared.heartbeat.every if declared.heartbeat else None
        self.has_answers = bool(declared.answers)
        self.has_binary = True
        self.says_binary = isinstance(wire.encode(declared.say.frame.filled_with_samples()), bytes)

    def begin(self, session: Session) -> Progress:
        """Begin the opening of a connection, right after its handshake."""
        return self._go_on(session, 0)

    def advance(self, progress: Progress, frame: str | bytes) -> Progress:
        """Go on with an opening after a received frame.

        Raises UsageError if a `learn` of the target file finds nothing.
        """
        session, number = progress.session, progress.step
        waiting = replace(progress, send=(), shown=())
        if progress.is_done or progress.refused is not None:
            return waiting
        step = self._declared.opening[number]
        value, _ = self._wire.decode(frame)
        if step.refused is not None and step.refused.match(value, session.values) is not None:
            return Progress(session, refused=str(frame), step=number)
        captured = step.expect.match(value, session.values) if step.expect is not None else None
        if captured is None:
            return waiting
        return self._go_on(session.learn({**captured, **_learned(step.learn, value)}), number + 1)

    def _go_on(self, session: Session, number: int) -> Progress:
        """Send until something is expected."""
        send: list[str | bytes] = []
        shown: list[str | bytes] = []
        redacted = session.redacted()
        for step in self._declared.opening[number:]:
            if step.expect is not None:
                return Progress(session, tuple(send), tuple(shown), awaits=step.expect.place.at, step=number)
            if step.send is not None:
                send.append(self._wire.encode(step.send.fill(session.values)))
                shown.append(self._wire.encode(step.send.fill(redacted.values)))
            number += 1
        return Progress(session, tuple(send), tuple(shown), is_done=True, step=number)

    def say(
        self, content: str, session: Session, number: int = 0, extra: Mapping[str, object] | None = None
    ) -> str | bytes:
        """Return the frame that sends a message."""
        say = self._declared.say
        if say.has_envelope:
            content = wrapped(session.user.user or "", number, content)
        value = say.frame.fill({**session.values, "content": content, "number": number})
        if extra and self._extra_path is not None:
            value = _with_extra(value, self._extra_path, extra)
        return self._wire.encode(value)

    def payload(self, content: str, session: Session, number: int = 0) -> bytes:
        """Return the same frame as the bytes of a WebSocket message."""
        frame = self.say(content, session, number)
        return frame if isinstance(frame, bytes) else frame.encode()

    def ping(self, session: Session) -> str | bytes | None:
        """Return the frame of a ping (FRAME-7); None if the file has none."""
        ping = self._declared.say.ping
        return None if ping is None else self._wire.encode(ping.fill(session.values))

    def heartbeat(self, session: Session, number: int = 0) -> str | bytes:
        """Return the keep-alive that is due now. Raises LookupError without one."""
        heartbeat = self._declared.heartbeat
        if heartbeat is None:
            raise LookupError("the target file has no table [heartbeat]")
        return self._wire.encode(heartbeat.frame.fill({**session.values, "number": number}))

    def leave(self, session: Session) -> str | bytes | None:
        """Return the frame to send before a Close frame; None if the file has none."""
        leave = self._declared.leave
        return None if leave is None else self._wire.encode(leave.fill(session.values))

    def answer(self, frame: str | bytes, session: Session) -> str | bytes | None:
        """Return the answer to a keep-alive of the server; None for any other frame."""
        if not self._declared.answers:
            return None
        value, _ = self._wire.decode(frame)
        for answer in self._declared.answers:
            captured = answer.frame.match(value)
            if captured is not None:
                return self._wire.encode(answer.reply.fill({**session.values, **captured}))
        return None

    def read(self, frame: str | bytes, room: str) -> messages.Frame | messages.Unmatched:
        """Read a frame that a member of a room received."""
        return self._read_cached(frame, room)

    def read_payload(
        self, payload: bytes, room: str, *, is_binary: bool = False
    ) -> messages.Frame | messages.Unmatched:
        """Read the bytes of a received WebSocket message.

        Raises UnicodeDecodeError if a text is not UTF-8.
        """
        frame = payload if is_binary else payload.decode()
        return self._read(frame, *self._wire.decode_once(frame), room)

    def _read_any(self, frame: str | bytes, room: str) -> messages.Frame | messages.Unmatched:
        return self._read(frame, *self._wire.decode(frame), room)

    def _read(
        self, frame: str | bytes, value: object, complaint: str, room: str
    ) -> messages.Frame | messages.Unmatched:
        for hear in self._declared.hears:
            read = hear.read(value, room)
            if read is not None:
                return read
        if any(template.match(value) is not None for template in self._expected):
            return messages.Ignored("opening or keep-alive")
        reason = complaint or "expected a frame that an entry of [[hear]], [[opening]] or [[answer]] describes"
        if self._declared.is_strict:
            return messages.Malformed(reason, frame)
        return messages.Unmatched(reason, frame if isinstance(frame, str) else repr(frame))

    def read_sent(self, frame: str | bytes) -> messages.Sending | messages.Upkeep:
        """Classify a frame that a client sent."""
        value, complaint = self._wire.decode(frame)
        is_bad = any(bad.match(value, exact=True) is not None for bad in self._declared.bad)
        said = None if is_bad else self._declared.say.frame.match(value)
        if said is not None and isinstance(said.get("content"), str) and said["content"]:
            return self._read_said(frame, str(said["content"]))
        if self._declared.say.ping is not None and self._declared.say.ping.match(value, exact=True) is not None:
            return messages.Ping()
        if not is_bad and any(template.match(value) is not None for template in self._upkeep):
            return messages.Upkeep()
        reason = complaint or "no frame of [say]"
        return messages.Bad(reason, (said or {}).get("content", value), is_binary=isinstance(frame, bytes))

    def _read_said(self, frame: str | bytes, content: str) -> messages.Valid | messages.Perhaps:
        if self._declared.say.has_envelope:
            content = unwrapped(content)[1]
        size = len(frame if isinstance(frame, bytes) else frame.encode(errors="surrogatepass"))
        is_too_large = size > FRAME_BYTES or len(content) > CONTENT_CODE_POINTS
        return (
            messages.Perhaps(content)
            if is_too_large or messages.has_lone_surrogate(content)
            else messages.Valid(content)
        )

    def _bad_frame(self, number: int, bad: Template) -> BadFrame:
        def make(mark: str, session: Session) -> str | bytes:
            return self._wire.encode(bad.fill({**session.values, "mark": mark}))

        return BadFrame(f"[bad] {number}", make)


def _upkeep(declared: Declared) -> Iterator[Template]:
    """Yield the templates of frames that a client sends besides messages."""
    yield from (step.send for step in declared.opening if step.send is not None)
    yield from (answer.reply for answer in declared.answers)
    if declared.heartbeat is not None:
        yield declared.heartbeat.frame
    if declared.leave is not None:
        yield declared.leave


def _expected(declared: Declared) -> Iterator[Template]:
    """Yield the templates of frames that are part of the opening, or want an answer."""
    yield from (answer.frame for answer in declared.answers)
    for step in declared.opening:
        yield from (template for template in (step.expect, step.refused) if template is not None)


def _learned(learn: Mapping[str, Pointer], value: object) -> dict[str, object]:
    found = {name: pointer.find(value) for name, pointer in learn.items()}
    for name, pointer in learn.items():
        if found[name] is None:
            raise pointer.place.wrong(
                f"{pointer.text!r} to find {name} in the frame that came", "nothing", "correct the pointer"
            )
    return found


def table_around(template: Template, name: str) -> tuple[str | int, ...] | None:
    """Return the path to the innermost table with a placeholder, or None."""
    path = template.path_of(name) or ()
    keys = [index for index, key in enumerate(path) if isinstance(key, str)]
    return path[: keys[-1]] if keys else None


def _with_extra(value: object, path: tuple[str | int, ...], extra: Mapping[str, object]) -> object:
    """Return the value with further fields in the table to which a path leads."""
    match value:
        case dict() if not path:
            return {**value, **extra}
        case dict():
            return {**value, path[0]: _with_extra(value[path[0]], path[1:], extra)}
        case list():
            return [_with_extra(one, path[1:], extra) if at == path[0] else one for at, one in enumerate(value)]
    return value
