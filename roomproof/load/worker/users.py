"""The users of one worker, each for one connection at a time."""

from collections import deque
from collections.abc import Callable

from roomproof.client.target import Target
from roomproof.dialects.session import UserRow

CREATOR = "roomproof"
"""The user who makes all rooms, where users can have any name."""


class NoFreeUserError(Exception):
    """All users of the file are in use, or might still be heard of in the room."""


class LoadUsers:
    """The users of one worker.

    Where a file has all users, `worker` of `workers` takes its part of them, in turn with the others.
    """

    def __init__(self, target: Target, worker: int = 0, workers: int = 1) -> None:
        self._target = target
        self._source = target.service.users
        rows = self._source.rows
        self._free = None if rows is None else deque(rows[worker % workers :: workers])
        self._first = self._free[0] if self._free else None

    @property
    def keeps_names(self) -> bool:
        """Whether users have the names that are asked for, and are known beforehand."""
        return self._source.keeps_names

    def creator(self) -> UserRow:
        """Return the user who makes rooms and adds participants. Raises UsageError."""
        return self._first or self.named(CREATOR)

    def named(self, name: str) -> UserRow:
        """Return the user for a name. Raises UsageError."""
        return self._target.user(name)

    def take(self, name: str, is_known: Callable[[UserRow], bool]) -> UserRow:
        """Return a user for a new connection: that of a name, or else one that is free.

        `is_known` says whether a user might still be heard of in the room. Raises NoFreeUserError, and UsageError for a
        user that cannot connect now.
        """
        if self._free is None:
            return self.named(name)
        for _ in range(len(self._free)):
            row = self._free.popleft()
            if not is_known(row):
                self._source.check_row(row)
                return row
            self._free.append(row)
        raise NoFreeUserError

    def give_back(self, row: UserRow) -> None:
        """Let others have a user whose connection has ended."""
        if self._free is not None:
            self._free.append(row)
