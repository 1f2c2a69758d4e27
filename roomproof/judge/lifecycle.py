"""When and how a connection came and went."""

from dataclasses import dataclass

from roomproof.history import Closed, Closing, Dying, Event, Opened, Opening, Reading, Refused, Violating
from roomproof.spec.limits import SERVER_CLOSE_CODES


@dataclass(slots=True, eq=False)
class Lifecycle:
    """What is known of one connection's beginning and end."""

    number: int
    opening: Opening
    opened: Opened | None = None
    refused: Refused | None = None
    closing: Closing | None = None
    dying: Dying | None = None
    closed: Closed | None = None
    was_refused: bool = False
    """Refused by the server, in the handshake or by closing it at once."""
    sent_invalid_frame: bool = False
    """It sent what is no frame by RFC 6455."""
    reads: bool = True
    has_paused: bool = False
    paused_at: int = 0
    """When it last stopped to read."""
    resumed_at: int = 0
    """When it last began to read again."""

    def live(self, event: Opened | Refused | Violating | Reading | Closing | Dying | Closed) -> None:
        """Take down what happens to it."""
        match event:
            case Opened():
                self.opened = event
            case Refused():
                self.refused = event
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
        """The id of the room that it asked for."""
        return self.opening.room

    @property
    def user(self) -> str:
        """Its user id; empty where it gave none."""
        return self.opening.user or ""

    @property
    def instance(self) -> str | None:
        """The instance that answered its handshake, where that is known."""
        return self.opened.instance if self.opened else None

    @property
    def admitted(self) -> bool:
        """Whether the server took it in."""
        return self.opened is not None and not self.was_refused

    @property
    def maybe_admitted(self) -> bool:
        """Whether the server may have taken it in: a handshake without an answer may have got that far."""
        return not self.was_refused

    @property
    def ended_at(self) -> int | None:
        """When its end began, as the history knows it: the earliest of closing, dying and closed."""
        ends = [event.at for event in (self.closing, self.dying, self.closed) if event is not None]
        return min(ends, default=None)

    @property
    def own_end_at(self) -> int | None:
        """When it began to end itself."""
        ends = [event.at for event in (self.closing, self.dying) if event is not None]
        return min(ends, default=None)

    @property
    def closed_cleanly(self) -> bool:
        """Whether it ended by a closing handshake that it began itself and that the server answered.

        A close by which the server gives a member up may cross the client's own; then the server read no more of it.
        """
        if self.closing is None or self.dying is not None or self.closed is None or self.closed.code is None:
            return False
        return self.closed.code == self.closing.code or self.closed.code not in SERVER_CLOSE_CODES

    @property
    def certainly_closed_first(self) -> bool:
        """Whether it is certain that the server had not ended it before: the answer to a Close of its own tells."""
        return self.closed_cleanly and not self.has_paused

    @property
    def apparently_ended_first(self) -> bool:
        """Whether, as far as its client knows, the server had not ended it before.

        One that died may have died with a Close of the server unread.
        """
        if self.has_paused or self.own_end_at is None:
            return False
        return self.closed is None or self.closed.code is None or self.closed_cleanly

    @property
    def died(self) -> bool:
        """Whether its link ended without a Close frame of either side."""
        return self.dying is not None or (self.closing is None and self.closed is not None and self.closed.code is None)

    @property
    def maybe_ended(self) -> bool:
        """Whether the server may have counted its end. One that does not read, or was never answered, cannot tell."""
        return self.ended_at is not None or self.opened is None or self.has_paused

    @property
    def life(self) -> tuple[Event, ...]:
        """The events of its beginning and its end, as a witness."""
        events = (self.opening, self.opened, self.closing, self.dying, self.closed)
        return tuple(event for event in events if event is not None)
