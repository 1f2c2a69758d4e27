"""Which users have not got in yet: a load is there, and measured, only when all are in. Pure; times are seconds."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class RampUp:
    """The users of one worker that still try to get in for the first time."""

    all_started: bool = False
    """Whether all users are there, in or not."""
    _since: dict[int, float] = field(default_factory=dict)
    """Since when each tries."""

    def user_started(self, user: int, now: float) -> None:
        """There is a new user, which has a number of its own and tries to get in."""
        self._since[user] = now

    def user_settled(self, user: int) -> None:
        """A user has got in, or is stopped before it has."""
        self._since.pop(user, None)

    @property
    def is_complete(self) -> bool:
        """Whether nobody is missing."""
        return self.all_started and not self._since

    def overdue(self, since: float) -> int:
        """How many have tried from before a time on."""
        return sum(begin < since for begin in self._since.values())
