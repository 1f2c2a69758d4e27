"""The frames of a dialect: how they are sent and read."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from roomproof.dialects.session import Session
from roomproof.spec import messages


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the opening of a connection has come.

    `send` are the frames to send now, in order, and `shown` are the same frames without secrets, to record. After them,
    wait for a frame unless `is_done` or `refused` is set, and give it to `Frames.advance`.
    """

    session: Session
    send: tuple[str | bytes, ...] = field(default=(), repr=False)
    shown: tuple[str | bytes, ...] = ()
    is_done: bool = False
    refused: str | None = None
    """The frame with which the server refused the connection."""
    awaits: str = ""
    """The step that the opening waits for, to show if the deadline passes."""
    step: int = 0


@dataclass(frozen=True, slots=True)
class BadFrame:
    """A frame that no client may send.

    `make` returns it with a mark in it that a scenario can look for. `codes` are the close codes with which a server
    may end the connection instead of forgiving the frame.
    """

    name: str
    make: Callable[[str, Session], str | bytes]
    codes: frozenset[int] = frozenset()


class Frames(Protocol):
    """Says and reads frames. Pure: the same arguments always give the same result."""

    @property
    def bad_frames(self) -> tuple[BadFrame, ...]:
        """The frames that no client may send; none if the service lacks the need."""

    @property
    def heartbeat_s(self) -> float | None:
        """Seconds between two keep-alives of the client; None without them."""

    @property
    def has_answers(self) -> bool:
        """Whether `answer` answers any frame."""

    @property
    def has_binary(self) -> bool:
        """Whether binary frames are read, and not malformed in themselves."""

    @property
    def says_binary(self) -> bool:
        """Whether messages are sent in binary frames."""

    def begin(self, session: Session) -> Progress:
        """Begin the opening of a connection, right after its handshake."""

    def advance(self, progress: Progress, frame: str | bytes) -> Progress:
        """Go on with an opening after a received frame.

        Raises UsageError if a `learn` of the target file finds nothing.
        """

    def say(
        self, content: str, session: Session, number: int = 0, extra: Mapping[str, object] | None = None
    ) -> str | bytes:
        """Return the frame that sends a message: text as str, binary as bytes.

        With `session.redacted()`, this is the frame to record. `number` counts what the connection sends. `extra` are
        fields that no service knows (DELIVER-15).
        """

    def payload(self, content: str, session: Session, number: int = 0) -> bytes:
        """Return the same frame as the bytes of a WebSocket message, fast."""

    def ping(self, session: Session) -> str | bytes | None:
        """Return the frame of a ping of the protocol (FRAME-7); None if there is none."""

    def heartbeat(self, session: Session, number: int = 0) -> str | bytes:
        """Return the keep-alive that is due now. Raises LookupError without one."""

    def leave(self, session: Session) -> str | bytes | None:
        """Return the frame that a client sends before its Close frame; None without one.

        With `session.redacted()`, this is the frame to record.
        """

    def answer(self, frame: str | bytes, session: Session) -> str | bytes | None:
        """Return the answer to a keep-alive of the server; None for any other frame."""

    def read(self, frame: str | bytes, room: str) -> messages.Frame | messages.Unmatched:
        """Read a frame that a member of a room received.

        Text is a str, and anything else bytes. Where frames do not name their room, sender or time, the result has the
        room of the receiver, and empty strings.
        """

    def read_payload(
        self, payload: bytes, room: str, *, is_binary: bool = False
    ) -> messages.Frame | messages.Unmatched:
        """Read the bytes of a WebSocket message as `read` does.

        An ordinary message is read faster. Raises UnicodeDecodeError if a text is not UTF-8.
        """

    def read_sent(self, frame: str | bytes) -> messages.Sending | messages.Upkeep:
        """Classify a frame that a client sent."""
