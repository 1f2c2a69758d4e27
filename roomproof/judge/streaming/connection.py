"""One connection under load: what it sent, and what it received of each sender."""

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field

from roomproof.judge import facts
from roomproof.judge.classification import JOIN_NOTICE, Part, part_of
from roomproof.judge.lifecycle import NEVER, Lifecycle
from roomproof.judge.streaming.frame_cache import NOTHING, CachedFrame
from roomproof.judge.streaming.int_runs import IntRuns
from roomproof.judge.streaming.lapse import TimestampLapse

LEFT = -2
"""Stands in `expected` for a sender whose leave notice arrived."""

APART = -3
"""Stands in `expected` for a sender on another sticky instance."""

EXCUSED = -1
"""Stands in `holes` for an item that is not due, because a fault excuses it."""

LEAVE = -1
"""Stands for the number of a leave notice, which is known only when its sender has ended."""

NO_FRAMES = [NOTHING]
"""The `cached_frames` of a connection without evidence of membership: `follow` never finds a frame there."""


@dataclass(eq=False, slots=True)
class StreamingConnection(Lifecycle):
    """A connection of a room under load, as a sender and as a receiver.

    Each connection of a room has a column. As a receiver, a connection counts what it received of the sender in column
    c at index c. Invariants, from the evidence of membership on and until the receiver is gone:

    - `expected`, `start` and `floor` have one number for each column of the room.
    - `expected[c]` is the item that should come next, or LEFT, or APART. While column c is in use, it is LEFT exactly
      if c is a key of `expected_at_leave`, which then has that item. `next_of(c)` is either.
    - The items that are due begin at `start[c]`. As long as nothing but a leave notice of the sender arrived,
      `next_of(c) == start[c]`.
    - Of the items from `start[c]` up to `next_of(c)`, those in `holes[c]` have not arrived; all others have. (Except if
      only the leave notice arrived, of a sender that might be on another sticky instance: there are no holes then.)
    - `extras[c]` and `repeated[c]` hold items outside this range that arrived, so that a second copy is noticed.
    - Nothing below `floor[c]` may arrive.

    Before the evidence there are no such numbers: `expected` is empty, `cached_frames` is NO_FRAMES, and what arrives
    goes into `extras` and `repeated`.
    """

    column: int = 0

    # As a sender

    sent: int = 0
    """Number of messages sent."""
    last_sent_at: int = 0
    """Time at which it last sent a message."""
    highest_by_instance: dict[str | None, int] = field(default_factory=dict)
    """The highest item of this sender that anyone on an instance received."""
    highest_message: int = 0
    """The highest message of this sender that anyone received."""
    early_leaves: list["EarlyLeave"] = field(default_factory=list)
    missing: list["MissingItem"] = field(default_factory=list)
    """Items that receivers lack, to be judged once its stream is settled."""
    lost: dict[int, bool] = field(default_factory=dict)
    """Items reported as lost before its end, and whether a receiver lacked one that crossed no instances."""
    awaited_by: dict[int, int] = field(default_factory=dict)
    """After its end: the receivers that lacked items of it at the last sweep, and the item each expected next."""
    progress_at: int = 0
    """After its end: time of the last sweep at which one of these items had arrived."""

    # As a receiver

    evidence_at: int | None = None
    """Time of the first evidence of membership."""
    cached_frames: list[CachedFrame] = field(default_factory=lambda: NO_FRAMES)
    cursor: int = 0
    """Index of the frame in `cached_frames` that should come next."""
    expected: list[int] = field(default_factory=list)
    """A list, which is quicker than an array: all receivers share its int objects."""
    start: "array[int]" = field(default_factory=lambda: array("i"))
    floor: "array[int]" = field(default_factory=lambda: array("i"))
    opening_floors: dict[str | None, "array[int]"] = field(default_factory=dict)
    """By instance: the highest items that anyone there had received when the opening began. Empty after evidence."""
    holes: dict[int, dict[int, int]] = field(default_factory=dict)
    """By column: items that a later one overtook, and the time of that, or EXCUSED."""
    expected_at_leave: dict[int, int] = field(default_factory=dict)
    """By column of a sender whose leave notice arrived: the item that was expected next."""
    extras: dict[int, set[int]] = field(default_factory=dict)
    """By column: single items that arrived though they were not due."""
    repeated: dict[int, IntRuns] = field(default_factory=dict)
    """By column: messages that a server with `history` repeated, in order."""
    received_before_evidence: bool = False
    """Whether any item arrived before the evidence of membership."""
    redact: Callable[[str], str] = str
    """Returns a text about the connection without the secrets of its user."""
    room_size_at_pause: int = 0
    """Number of code points that had been sent in its room when it stopped reading."""

    @property
    def leave(self) -> int:
        """Number of its leave notice, if it sends nothing more."""
        return self.sent + 1

    @property
    def last_due(self) -> int:
        """Number of its last message that is due to those who stay, so far."""
        return facts.last_due_message(self, sent=self.sent, highest=self.highest_message, deadline=NEVER)

    @property
    def gone_at(self) -> int | None:
        """Time from which on it receives nothing; None while it might."""
        ends = (event.at for event in (self.refused, self.dying, self.closed) if event is not None)
        return min(ends, default=None)

    @property
    def has_begun_to_end(self) -> bool:
        """Whether its client knows of an end."""
        return self.has_ended() or self.refused is not None

    @property
    def maybe_never_joined(self) -> bool:
        """Whether the server might never have made it a member."""
        is_evident = self.evidence_at is not None or bool(self.highest_by_instance)
        return facts.maybe_never_joined(self, is_evident=is_evident, deadline=NEVER)

    def next_of(self, column: int) -> int:
        """The item that it expects next of a sender, or expected until the leave notice."""
        return self.expected_at_leave.get(column, self.expected[column])

    def has_received_from(self, column: int) -> bool:
        """Whether it received any item of a sender but the leave notice.

        Only what arrived since its evidence of membership counts.
        """
        return self.evidence_at is not None and self.next_of(column) != self.start[column]

    def has_received(self, column: int, item: int) -> bool:
        """Whether it received an item of a sender that is no leave notice."""
        if item in self.extras.get(column, ()) or item in self.repeated.get(column, ()):
            return True
        if self.evidence_at is None or not self.start[column] <= item < self.next_of(column):
            return False
        return item not in self.holes.get(column, ())

    def highest_of(self, column: int) -> int:
        """The highest received item of a sender that is no leave notice; -1 for none."""
        extra = max(self.extras.get(column, ()), default=-1)
        repeated = self.repeated[column].following - 1 if column in self.repeated else -1
        due = self.next_of(column) - 1 if self.has_received_from(column) else -1
        return max(extra, repeated, due)

    def span_of(self, column: int) -> tuple[int, int] | None:
        """The range of received items of a sender, as (first, after the last).

        None before there was evidence of membership.
        """
        return None if self.evidence_at is None else (self.start[column], self.next_of(column))

    @property
    def has_received_anything(self) -> bool:
        """Whether it received any item."""
        return self.evidence_at is not None or self.received_before_evidence

    def begin_to_count(self, sent: list[int], at: int) -> None:
        """Expect everything that is sent after the evidence of membership.

        `sent` has the last item sent so far of each column, -1 for a free one.
        """
        self.evidence_at = at
        self.start = array("i", [number + 1 for number in sent])
        self.start[self.column] = 1
        self.expected = list(self.start)
        self.floor = array("i", [0] * len(sent))

    def set_floor(self, floor: "array[int] | None") -> None:
        """Set the floors, now that its instance is known; None if it stays unknown."""
        self.opening_floors = {}
        if floor is not None:
            self.floor = floor
            self.floor.extend([0] * (len(self.expected) - len(floor)))

    def add_column(self, column: int, first: int) -> None:
        """Begin to count for the new sender in a column.

        A member is due all of its items, from the first on.
        """
        for floor in (self.floor, *self.opening_floors.values()):
            if column < len(floor):
                floor[column] = JOIN_NOTICE
        if self.evidence_at is None:
            return
        if column == len(self.expected):
            for counts in (self.expected, self.start, self.floor):
                counts.append(JOIN_NOTICE)
        self.expected[column] = self.start[column] = first

    def forget(self, column: int) -> None:
        """Forget the sender in a column, of which nothing more is due."""
        self.expected_at_leave.pop(column, None)
        self.repeated.pop(column, None)
        self.extras.pop(column, None)


@dataclass(frozen=True, slots=True)
class MissingItem:
    """An item of a sender that a receiver lacks."""

    receiver: int
    item: int
    overtaken_at: int | None = None
    """Time at which a later item arrived; None if none did."""
    is_overtaken: bool = False
    """Whether a later message arrived, and not only the leave notice."""
    crosses: bool = False
    """Whether the receiver is on another instance of a pubsub topology."""


@dataclass(frozen=True, slots=True)
class EarlyLeave:
    """A leave notice that arrived while no end of its sender was known."""

    receiver: StreamingConnection
    at: int
    frame: bytes
    span: tuple[int, int] | None
    """The lowest and the highest item that the receiver had received (span_of)."""
    lapse: TimestampLapse | None
    """How its timestamp runs backwards, if it certainly does."""


def part_of_item(sender: StreamingConnection, item: int) -> Part:
    """The part that an item is in its stream.

    It is a leave notice only if its sender has begun to end.
    """
    return part_of(item, sender.leave if sender.has_begun_to_end else None)
