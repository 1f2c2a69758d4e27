"""The beginning and the end of one connection, as both judges keep them."""

from dataclasses import dataclass

from roomproof.history import Closed, Closing, Dying, Event, Opened, Opening, Reading, Refused, Violating
from roomproof.spec.limits import SERVER_CLOSE_CODES

NEVER = 2**63
"""A time in nanoseconds later than any other."""


@dataclass(slots=True, eq=False)
class Lifecycle:
    """The events that begin and end one connection, and what follows from them.

    The client records these events. Its view of the end can differ from the server's: a Close frame of the server can
    be on its way, unread, while the client closes or its link dies. Properties whose names start with `certainly` hold
    for the server too; those that start with `apparently` or `maybe` hold as far as the client knows.
    """

    number: int
    opening: Opening
    opened: Opened | None = None
    refused: Refused | None = None
    closing: Closing | None = None
    dying: Dying | None = None
    closed: Closed | None = None
    was_refused: bool = False
    """Whether the server refused the connection (REFUSE-1), or closed it at once (REFUSE-3)."""
    sent_invalid_frame: bool = False
    """Whether the client sent something that RFC 6455 does not allow as a frame."""
    reads: bool = True
    has_paused: bool = False
    paused_at: int = 0
    """Time at which the client last stopped reading."""
    resumed_at: int = 0
    """Time at which the client last resumed reading."""

    def record(self, event: Opened | Refused | Violating | Reading | Closing | Dying | Closed) -> None:
        """Record an event of this connection."""
        match event:
            case Opened():
                self.opened = event
            case Refused():
                self.refused = event
                self.was_refused = event.status is not None
            case Violating():
                self.sent_invalid_frame = True
            case Reading():
                self.reads = event.reads
                self.has_paused |= not event.reads
                if event.reads:
                    self.resumed_at = event.at
                else:
                    self.paused_at = event.at
            case Closing():
                self.closing = event
            case Dying():
                self.dying = event
            case Closed():
                self.closed = event

    @property
    def room(self) -> str:
        """The id of the room that the handshake asked for."""
        return self.opening.room

    @property
    def user(self) -> str:
        """The name by which others know the user; empty if the handshake carried none."""
        if self.opened is not None and self.opened.known_as is not None:
            return self.opened.known_as
        return self.opening.user or ""

    @property
    def instance(self) -> str | None:
        """The instance that answered the handshake; None if unknown."""
        return self.opened.instance if self.opened else None

    @property
    def admitted(self) -> bool:
        """Whether the server accepted the connection."""
        return self.opened is not None and not self.was_refused

    @property
    def maybe_admitted(self) -> bool:
        """Whether the server might have accepted the connection.

        A handshake without an answer might have got that far.
        """
        return not self.was_refused

    @property
    def ended_at(self) -> int | None:
        """Time at which the end began, as the client knows; None without an end.

        The earliest of closing, dying and closed.
        """
        ends = [event.at for event in (self.closing, self.dying, self.closed) if event is not None]
        return min(ends, default=None)

    @property
    def own_end_at(self) -> int | None:
        """Time at which the client itself began to end the connection; None without that."""
        ends = [event.at for event in (self.closing, self.dying) if event is not None]
        return min(ends, default=None)

    def has_ended(self, deadline: int = NEVER) -> bool:
        """Whether the end of the connection began by the deadline."""
        return self.ended_at is not None and self.ended_at <= deadline

    def is_reading(self, deadline: int = NEVER) -> bool:
        """Whether the client reads, and no end began by the deadline."""
        return self.reads and not self.has_ended(deadline)

    @property
    def closed_cleanly(self) -> bool:
        """Whether the client began a closing handshake and the server answered.

        A Close frame by which the server gives a member up can cross the client's own. Then the server read nothing
        more of the client.
        """
        if self.closing is None or self.dying is not None or self.closed is None or self.closed.code is None:
            return False
        return self.closed.code == self.closing.code or self.closed.code not in SERVER_CLOSE_CODES

    @property
    def certainly_ended_first(self) -> bool:
        """Whether the client certainly ended the connection before the server did.

        The answer to the client's Close frame shows that.
        """
        return self.closed_cleanly and not self.has_paused

    @property
    def apparently_ended_first(self) -> bool:
        """Whether the client ended the connection before it received the server's end.

        A client whose link dies might leave a Close frame of the server unread.
        """
        if self.has_paused or self.own_end_at is None:
            return False
        return self.closed is None or self.closed.code is None or self.closed_cleanly

    @property
    def apparently_left_at(self) -> int | None:
        """Time at which the client left by itself, as far as it knows.

        If that is true, the leave notice was sent no earlier.
        """
        return self.own_end_at if self.apparently_ended_first else None

    @property
    def certainly_left_at(self) -> int | None:
        """Time at which the client certainly left; the leave notice was sent no earlier."""
        return self.own_end_at if self.certainly_ended_first else None

    @property
    def certainly_open_until(self) -> int:
        """Time until which neither side had begun to end; NEVER if the connection stays.

        0 if nothing is certain: the server might have ended the connection before the client noticed.
        """
        if self.opened is None or self.has_paused:
            return 0
        if self.ended_at is None:
            return NEVER
        return self.certainly_left_at or 0

    @property
    def died(self) -> bool:
        """Whether the link ended without a Close frame of either side."""
        return self.dying is not None or (self.closing is None and self.closed is not None and self.closed.code is None)

    @property
    def was_closed_by_server(self) -> bool:
        """Whether the server ended the connection of a reading member."""
        if not self.admitted or not self.reads or self.closed is None:
            return False
        return self.own_end_at is None or self.own_end_at > self.closed.at

    @property
    def is_close_unanswered(self) -> bool:
        """Whether the client sent a Close frame, and the link ended without the server's."""
        if not self.admitted or not self.reads or self.closing is None or self.dying is not None:
            return False
        return self.closed is not None and self.closed.code is None

    @property
    def maybe_ended(self) -> bool:
        """Whether the server might have counted the end of the connection.

        A client that does not read, or whose handshake had no answer, cannot know.
        """
        return self.ended_at is not None or self.opened is None or self.has_paused

    @property
    def life(self) -> tuple[Event, ...]:
        """The events of the beginning and the end, as the witness of a finding."""
        events = (self.opening, self.opened, self.closing, self.dying, self.closed)
        return tuple(event for event in events if event is not None)
