"""Tells when all users are connected, which is when measuring begins.

Pure; times are seconds.
"""

from dataclasses import dataclass, field


@dataclass(slots=True)
class RampUp:
    """The users of one worker that still try to connect for the first time."""

    all_started: bool = False
    """Whether all users have started, connected or not."""
    connected: int = 0
    """Users that have connected."""
    _since: dict[int, float] = field(default_factory=dict)
    """When each user started to try."""

    def user_started(self, user: int, now: float) -> None:
        """Add a new user, which has a number of its own."""
        self._since[user] = now

    def user_connected(self, user: int) -> None:
        """Note that a user has connected, for the first time or again."""
        if self._since.pop(user, None) is not None:
            self.connected += 1

    def user_stopped(self, user: int) -> None:
        """Remove a user that is stopped, connected or not."""
        self._since.pop(user, None)

    @property
    def is_complete(self) -> bool:
        """Whether all users have started and none still tries to connect."""
        return self.all_started and not self._since

    @property
    def connecting(self) -> int:
        """The number of users that still try."""
        return len(self._since)

    def overdue(self, since: float) -> int:
        """Return the number of users that have tried since before a time."""
        return sum(begin < since for begin in self._since.values())
