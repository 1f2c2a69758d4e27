"""A timestamp that does not follow the one before it (DELIVER-9)."""

from dataclasses import dataclass

from roomproof.judge import texts
from roomproof.judge.classification import Part
from roomproof.judge.facts import NS_PER_S


@dataclass(frozen=True, slots=True)
class TimestampLapse:
    """A timestamp that is not later than that of an item before it, but has to be."""

    before: int
    """Number of the item before it."""
    passed: int | None
    """Time in nanoseconds between the two items, if their timestamps are equal; None if this one is earlier."""
    is_certain: bool
    """Whether the receiver received the item before it."""

    def text(self, part: Part, item: int, user: str) -> str:
        """The text of the finding, for the item with this timestamp."""
        if self.passed is None:
            return texts.backward(part, item, user)
        return texts.standing_still(part, item, user)

    @property
    def detail(self) -> str:
        """The detail of the finding."""
        if self.passed is None:
            return f"it is earlier than that of item {self.before}"
        return f"{self.passed / NS_PER_S:.0f} s had passed since item {self.before}"
