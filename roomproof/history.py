"""The history of a run: the events of all connections, as lines of JSON. Pure.

The lines are in the order of recording.
Times are nanoseconds of one monotonic clock. The time of `opening`, `sent`, `violating`, `reading`, `closing`, `dying`,
`deleting` and `requested` is taken before the act, that of `opened`, `refused`, `received`, `closed` and `answered`
after the act. So two acts
can have been concurrent although the time of one event is earlier, and events of equal times are concurrent.
"""

from collections.abc import Iterable, Iterator

import msgspec

VERSION = 1


class Started(msgspec.Struct, frozen=True, tag="started", tag_field="kind", kw_only=True):
    """The head of a history, with what a judge has to know about the run.

    `epoch` is the wall clock at time 0, in nanoseconds since 1970. `server_ahead` is how far the server's clock is
    ahead of the wall clock, in nanoseconds, as measured. `capabilities` are those that the target declared. `without`
    is what the service lacks. `dialect` holds the tables of its frames, as in a target file; empty for the native ones.
    """

    version: int = VERSION
    epoch: int = 0
    server_ahead: int = 0
    capabilities: list[str] = []
    without: list[str] = []
    dialect: dict[str, object] = {}


class Opening(msgspec.Struct, frozen=True, tag="opening", tag_field="kind"):
    """A client begins its handshake.

    `user` is None if the handshake carries no user_id.
    """

    connection: int
    at: int
    room: str
    user: str | None


class Opened(msgspec.Struct, frozen=True, tag="opened", tag_field="kind"):
    """The server answered the handshake with 101.

    `instance` is the header X-Upstream of the answer. `known_as` is the name by which others know the user; None where
    it is that of the handshake.
    """

    connection: int
    at: int
    instance: str | None = None
    known_as: str | None = None


class Refused(msgspec.Struct, frozen=True, tag="refused", tag_field="kind", omit_defaults=True):
    """The server answered the handshake with another status than 101, or with none.

    `code` is that of a Close frame during the opening that a dialect declares.
    """

    connection: int
    at: int
    status: int | None
    reason: str
    code: int | None = None


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
    """A client received a frame: `text`, or `binary` (also for invalid UTF-8)."""

    connection: int
    at: int
    text: str | None = None
    binary: bytes | None = None

    @property
    def frame(self) -> str | bytes:
        """The frame, text as str and binary as bytes."""
        return self.text if self.text is not None else self.binary or b""


class Violating(msgspec.Struct, frozen=True, tag="violating", tag_field="kind"):
    """A client sends a text message that is not valid by RFC 6455 (`payload`).

    `payload` is base64 in the file. A server may take one that is only unmasked (FRAME-9).
    """

    connection: int
    at: int
    payload: bytes
    is_masked: bool = True


class Reading(msgspec.Struct, frozen=True, tag="reading", tag_field="kind"):
    """A client begins to read (`reads` is true), or stops reading."""

    connection: int
    at: int
    reads: bool


class Closing(msgspec.Struct, frozen=True, tag="closing", tag_field="kind"):
    """A client begins a clean close: it sends Close and reads until the answer."""

    connection: int
    at: int
    code: int


class Dying(msgspec.Struct, frozen=True, tag="dying", tag_field="kind"):
    """A client disconnects without a Close frame (`how`: fin, rst) and reads no more."""

    connection: int
    at: int
    how: str


class Closed(msgspec.Struct, frozen=True, tag="closed", tag_field="kind"):
    """The connection is over.

    `code` is that of the received Close frame; None without a Close frame.
    """

    connection: int
    at: int
    code: int | None
    reason: str = ""


class Deleting(msgspec.Struct, frozen=True, tag="deleting", tag_field="kind"):
    """A client begins to request the deletion of a room."""

    at: int
    room: str


class FaultWindow(msgspec.Struct, frozen=True, tag="fault", tag_field="kind"):
    """A part of the target was broken on purpose.

    `at` is before the breaking, `until` after the mending.
    `heal` is the time to recover after that, in nanoseconds. `instances` are those whose paths are affected; None
    means all of them.
    """

    at: int
    until: int
    heal: int
    what: str
    instances: list[str] | None = None


class Requested(msgspec.Struct, frozen=True, tag="requested", tag_field="kind"):
    """A client begins an HTTP request.

    `path` and `body` are without the secrets of the user. `body` is None for a request without one, and `is_whole` is
    false if not all of it stands here. `headers` are only the names of those that the user asked for.
    """

    number: int
    at: int
    method: str
    path: str
    body: str | None = None
    is_whole: bool = True
    headers: list[str] = []


class Answered(msgspec.Struct, frozen=True, tag="answered", tag_field="kind"):
    """The answer to an HTTP request arrived.

    `status` is None if none arrived; then `body` says why.
    """

    number: int
    at: int
    status: int | None
    body: str = ""


class Deadline(msgspec.Struct, frozen=True, tag="deadline", tag_field="kind"):
    """The time by which everything due must have arrived: the rest is missing."""

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
    | Requested
    | Answered
    | Deadline
)


class HistoryError(Exception):
    """This version of Roomproof cannot judge a history.

    The message names the line, if it is about one.
    """


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Event)


def dump(events: Iterable[Event]) -> bytes:
    """Return the events as JSON lines."""
    return b"".join(_encoder.encode(event) + b"\n" for event in events)


def read_history(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of JSON lines. Blank lines are skipped.

    Raises HistoryError, with the number of the line, for a line that is not an event, and for an unknown version.
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
