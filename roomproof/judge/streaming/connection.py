"""One connection under load, as the streaming form knows it: what it said, and how far it heard each of the others."""

from array import array
from dataclasses import dataclass, field

from roomproof.judge.classification import Part
from roomproof.judge.lifecycle import Lifecycle
from roomproof.judge.streaming.frame_cache import NOTHING, CachedFrame
from roomproof.judge.streaming.int_runs import IntRuns

LEFT = -2
"""Stands for the number that is expected next of a sender whose leave notice came."""

APART = -3
"""Stands for it where nothing is expected, because the sender is on another sticky instance."""

EXCUSED = -1
"""Stands for when an item was overtaken that is not due, because a fault excuses it."""

LEAVE = -1
"""Stands for the number of a leave notice: which it is, is known only when the sender has ended."""

UNBORN = [NOTHING]
"""The cached_frames of a connection that has shown no evidence of membership yet: nothing is quickly found there."""


@dataclass(eq=False, slots=True)
class StreamingConnection(Lifecycle):
    """A connection. What it hears of the sender in a column is counted at that index of the arrays.

    `expected` is the number that should come next; `start` where the items that are due begin, as far as is known;
    `floor` below which nothing must come. As long as nothing of a sender came, expected is start.
    """

    column: int = 0
    floors: dict[str | None, "array[int]"] = field(default_factory=dict)
    """What anyone had received when the opening began, by instance; until there is evidence of membership."""
    said: int = 0
    said_bytes_before: int = 0
    """What had been said in its room when it stopped to read."""
    high: dict[str | None, int] = field(default_factory=dict)
    """The highest item of it that anyone received, by instance."""
    top: int = 0
    """The highest message of it that anyone received."""
    evidence_at: int | None = None
    cached_frames: list[CachedFrame] = field(default_factory=lambda: UNBORN)
    cursor: int = 0
    expected: list[int] = field(default_factory=list)
    """A list: everybody shares its numbers, and it is quicker than an array."""
    start: "array[int]" = field(default_factory=lambda: array("i"))
    floor: "array[int]" = field(default_factory=lambda: array("i"))
    holes: dict[int, dict[int, int]] = field(default_factory=dict)
    """By column: items that a later one overtook, and when that was, or EXCUSED."""
    departed: dict[int, int] = field(default_factory=dict)
    """By column of senders whose leave came: what was expected next."""
    strays: dict[int, set[int]] = field(default_factory=dict)
    """By column: items that came once although they need not have, and must not come again."""
    earlier: dict[int, IntRuns] = field(default_factory=dict)
    """By column: the messages that a server with `history` told it because it had come; late ones are strays."""
    was_told: bool = False
    """Whether anything came of anybody before there was evidence."""
    last_words: list[tuple[int, int, int]] = field(default_factory=list)
    """Receivers that are gone and had heard its leave: their numbers, an item that they then had not got, and when."""
    awaited: dict[int, int] = field(default_factory=dict)
    """Receivers to whom something of it was missing at the last look: their numbers, and what they expected next..."""
    came_at: int = 0
    """... and when something of that was last seen to have come. Both count once it is gone."""
    early_leaves: list["EarlyLeave"] = field(default_factory=list)

    @property
    def leave(self) -> int:
        """The number of its leave notice, if it says nothing more."""
        return self.said + 1

    @property
    def last(self) -> int:
        """Its last message that is due to those who stay, if it says nothing more."""
        stays = self.reads and self.ended_at is None
        return self.said if stays or self.closed_cleanly else self.top

    @property
    def gone_at(self) -> int | None:
        """Since when it hears nothing more."""
        ends = (event.at for event in (self.refused, self.dying, self.closed) if event is not None)
        return min(ends, default=None)

    @property
    def has_begun_to_end(self) -> bool:
        """Whether its client knows of an end."""
        return self.ended_at is not None or self.refused is not None

    @property
    def maybe_never_joined(self) -> bool:
        """Whether the server need not have taken it in: it ended early, and not by its own Close."""
        if self.evidence_at is not None or self.high:
            return False
        return not self.admitted or (self.ended_at is not None and not self.closed_cleanly)

    def next_of(self, column: int) -> int:
        """What it expects, or expected until the leave, of a sender."""
        return self.departed.get(column, self.expected[column])

    def has_heard(self, column: int) -> bool:
        """Whether anything of a sender but its leave came since there was evidence."""
        return self.evidence_at is not None and self.next_of(column) != self.start[column]

    def has_got(self, column: int, item: int) -> bool:
        """Whether an item of a sender came that is no leave notice."""
        if item in self.strays.get(column, ()) or item in self.earlier.get(column, ()):
            return True
        if self.evidence_at is None or not self.start[column] <= item < self.next_of(column):
            return False
        return item not in self.holes.get(column, ())

    def highest_of(self, column: int) -> int:
        """The highest item of a sender that came and is no leave notice; -1 if none did."""
        strays = max(self.strays.get(column, ()), default=-1)
        told = self.earlier[column].following - 1 if column in self.earlier else -1
        due = self.next_of(column) - 1 if self.has_heard(column) else -1
        return max(strays, told, due)

    def span_of(self, column: int) -> tuple[int, int] | None:
        """What came of a sender: the first item and the one after the last; None before there was evidence."""
        return None if self.evidence_at is None else (self.start[column], self.next_of(column))

    @property
    def has_received(self) -> bool:
        """Whether anything came of anybody."""
        return self.evidence_at is not None or self.was_told

    def begin_to_count(self, said: list[int], at: int) -> None:
        """It has shown that it is a member: what is said from now on is due, after the numbers `said`, by column."""
        self.evidence_at = at
        self.start = array("i", [number + 1 for number in said])
        self.start[self.column] = 1
        self.expected = list(self.start)
        self.floor = array("i", [0] * len(said))

    def settle_floor(self, floor: "array[int] | None") -> None:
        """It is known what anyone on its instance had received before it came."""
        self.floors = {}
        if floor is not None:
            self.floor = floor
            self.floor.extend([0] * (len(self.expected) - len(floor)))

    def make_room(self, column: int) -> None:
        """Begin to count for a new sender. Who has shown that it is a member is due everything of it."""
        for counts in (self.expected, self.start, self.floor, *self.floors.values()):
            if column < len(counts):
                counts[column] = 0
        if self.evidence_at is not None and column == len(self.expected):
            for counts in (self.expected, self.start, self.floor):
                counts.append(0)

    def forget(self, column: int) -> None:
        """Nothing more is due of a sender."""
        self.departed.pop(column, None)
        self.earlier.pop(column, None)
        self.strays.pop(column, None)


@dataclass(frozen=True, slots=True)
class EarlyLeave:
    """A leave notice that came to a receiver while nothing was known of an end of its subject."""

    receiver: StreamingConnection
    at: int
    frame: bytes
    heard: tuple[int, int] | None
    """What had come of its subject (span_of)."""
    lapse: str = ""
    """How its timestamp runs backwards, if it does."""


def part_of(sender: StreamingConnection, item: int) -> Part:
    """What an item is in its stream."""
    if item == 0:
        return Part.JOIN
    return Part.LEAVE if item == sender.leave and sender.has_begun_to_end else Part.MESSAGE


def name_of(sender: StreamingConnection, item: int) -> str:
    """What to call an item in a text."""
    part = part_of(sender, item)
    return f"{part} {item} of {sender.user!r}" if part is Part.MESSAGE else f"the {part} of {sender.user!r}"
