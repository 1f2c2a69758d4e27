"""A run as its connections lived it: one event a line of JSON, in the order of recording. Pure.

Times are nanoseconds of one monotonic clock. `said`, `opening`, `closing`, `dying` and `deleting` are taken before the
act; `opened`, `refused`, `received` and `closed` after it. So an event that stands before another by its time may still
have happened together with it, and equal times are concurrent.
"""

from collections.abc import Iterable, Iterator

import msgspec

VERSION = 1


class Started(msgspec.Struct, frozen=True, tag="started", tag_field="kind", kw_only=True):
    """The head of a history: what the judge has to know about the run.

    `epoch` is the wall clock in nanoseconds since 1970 at time 0; `server_ahead` what the server's clock was measured
    to be ahead of it, in nanoseconds; `capabilities` what the target declared.
    """

    version: int = VERSION
    epoch: int = 0
    server_ahead: int = 0
    capabilities: list[str] = []


class Opening(msgspec.Struct, frozen=True, tag="opening", tag_field="kind"):
    """A client begins its handshake. `user` is None where the handshake carries no user_id."""

    connection: int
    at: int
    room: str
    user: str | None


class Opened(msgspec.Struct, frozen=True, tag="opened", tag_field="kind"):
    """The handshake was answered with 101. `instance` is the X-Upstream of that answer."""

    connection: int
    at: int
    instance: str | None = None


class Refused(msgspec.Struct, frozen=True, tag="refused", tag_field="kind"):
    """The handshake was answered with another status, or (None) with nothing at all."""

    connection: int
    at: int
    status: int | None
    reason: str


class Sent(msgspec.Struct, frozen=True, tag="sent", tag_field="kind", omit_defaults=True):
    """A client sends a frame: `text`, or `binary` (base64 in the file)."""

    connection: int
    at: int
    text: str | None = None
    binary: bytes | None = None

    @property
    def frame(self) -> str | bytes:
        """The frame, text as str and binary as bytes."""
        return self.text if self.text is not None else self.binary or b""


class Received(msgspec.Struct, frozen=True, tag="received", tag_field="kind", omit_defaults=True):
    """A client received a frame: `text`, or `binary` (also for text that is not UTF-8)."""

    connection: int
    at: int
    text: str | None = None
    binary: bytes | None = None

    @property
    def frame(self) -> str | bytes:
        """The frame, text as str and binary as bytes."""
        return self.text if self.text is not None else self.binary or b""


class Violating(msgspec.Struct, frozen=True, tag="violating", tag_field="kind"):
    """A client sends a text message that is no frame by RFC 6455 (`payload`, base64 in the file)."""

    connection: int
    at: int
    payload: bytes


class Reading(msgspec.Struct, frozen=True, tag="reading", tag_field="kind"):
    """A client stops (`reads` is false) or begins again to read."""

    connection: int
    at: int
    reads: bool


class Closing(msgspec.Struct, frozen=True, tag="closing", tag_field="kind"):
    """A client begins a clean close: it sends Close and reads on until the answer."""

    connection: int
    at: int
    code: int


class Dying(msgspec.Struct, frozen=True, tag="dying", tag_field="kind"):
    """A client ends its link without a Close frame, by `how`: fin or rst. It reads no more."""

    connection: int
    at: int
    how: str


class Closed(msgspec.Struct, frozen=True, tag="closed", tag_field="kind"):
    """The connection is over. `code` is that of the Close frame received; None if there was none."""

    connection: int
    at: int
    code: int | None
    reason: str = ""


class Deleting(msgspec.Struct, frozen=True, tag="deleting", tag_field="kind"):
    """A client begins to ask for the deletion of a room."""

    at: int
    room: str


class FaultWindow(msgspec.Struct, frozen=True, tag="fault", tag_field="kind"):
    """Something was broken on purpose, from `at` (before injecting) to `until` (after undoing), plus `heal` to recover.

    `instances` are those whose paths are in scope; None means all.
    """

    at: int
    until: int
    heal: int
    what: str
    instances: list[str] | None = None


class Deadline(msgspec.Struct, frozen=True, tag="deadline", tag_field="kind"):
    """Whatever was said before had its time: what is due and has not arrived by now is missing."""

    at: int


Event = (
    Started
    | Opening
    | Opened
    | Refused
    | Sent
    | Received
    | Violating
    | Reading
    | Closing
    | Dying
    | Closed
    | Deleting
    | FaultWindow
    | Deadline
)


class HistoryError(Exception):
    """A history is not what this version of Roomproof can judge; the message names the line."""


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def dump(events: Iterable[Event]) -> bytes:
    """The events as JSON lines."""
    return b"".join(_encoder.encode(event) + b"\n" for event in events)


def load(lines: Iterable[bytes]) -> Iterator[Event]:
    """The events of JSON lines; blank lines are skipped.

    Raises HistoryError, with the number of the line, for whatever is no event, and for a version that is not ours.
    """
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            event = _decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HistoryError(f"line {number}: expected an event of a Roomproof history: {error}") from error
        if isinstance(event, Started) and event.version != VERSION:
            raise HistoryError(f"line {number}: this history has version {event.version}, expected {VERSION}")
        yield event
