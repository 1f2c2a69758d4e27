"""The statistics of an instance, and the check of their form."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from roomproof.client.http import Answer
from roomproof.stage.scene import RuleBrokenError


@dataclass(frozen=True, slots=True)
class Stats:
    """The number of members of an instance, and the rooms with members."""

    total_connections: int
    active_rooms: tuple[str, ...]

    @classmethod
    def of_all(cls, parts: Iterable["Stats"]) -> "Stats":
        """Add up the statistics of several instances."""
        parts = list(parts)
        rooms = dict.fromkeys(room for part in parts for room in part.active_rooms)
        return cls(sum(part.total_connections for part in parts), tuple(rooms))

    def are_only_of(self, rooms: set[str]) -> bool:
        """Whether no other room is active than these."""
        return rooms.issuperset(self.active_rooms)

    def fit(self, members: int, rooms: set[str], *, exclusive: bool) -> bool:
        """Whether the statistics are possible with this many members, all in these rooms.

        The number has to be exact if nobody else uses the instance: `exclusive`, or no other room is active.
        """
        if exclusive or self.are_only_of(rooms):
            return self.total_connections == members
        return self.total_connections >= members


class Bystanders(Protocol):
    """Members of this run who belong to no scenario."""

    def left_out_of(self, stats: Stats) -> Stats:
        """Statistics as they would be without the bystanders."""


def read_stats(answer: Answer) -> Stats:
    """Read the statistics in an answer.

    Raises RuleBrokenError (STATS-1) for a wrong form.
    """
    fields = answer.fields()
    total, rooms, count = (fields.get(name) for name in ("total_connections", "active_rooms", "rooms_count"))
    is_list = isinstance(rooms, list) and all(isinstance(room, str) for room in rooms)
    is_form = _is_count(total) and is_list and isinstance(fields.get("instance", ""), str)
    if answer.status != 200 or not is_form or not isinstance(total, int | float) or not isinstance(rooms, list):
        expected = '200 {"total_connections": whole number, "active_rooms": [string], "rooms_count": number}'
        raise RuleBrokenError("STATS-1", f"{expected}, and a string where it has `instance`", str(answer))
    if len(set(rooms)) != len(rooms) or count != len(rooms) or not _is_count(count):
        raise RuleBrokenError("STATS-1", "different active_rooms, and their number as rooms_count", str(answer))
    return Stats(int(total), tuple(rooms))


def _is_count(value: object) -> bool:
    """Whether a JSON value is a whole number of at least 0, such as 3 or 3.0."""
    match value:
        case bool():
            return False
        case int():
            return value >= 0
        case float():
            return value >= 0 and value.is_integer()
    return False
