"""The row of a user, and what is known of one connection."""

from collections.abc import Mapping
from dataclasses import dataclass, field

REDACTED = "..."
"""Stands for a secret wherever something is recorded or shown."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user: the id, and the other columns, such as a token, which are never shown.

    `user` is None for a connection that names no user (REFUSE-3).
    """

    user: str | None
    columns: Mapping[str, str] = field(default_factory=dict, repr=False)

    def values(self) -> dict[str, object]:
        """The placeholders that the row fills."""
        return dict(self.columns) if self.user is None else {**self.columns, "user": self.user}

    def redacted(self) -> "UserRow":
        """Return the user without the values of the other columns."""
        return UserRow(self.user, dict.fromkeys(self.columns, REDACTED))


@dataclass(frozen=True, slots=True)
class Session:
    """All that is known of one connection.

    `learned` is what its opening has taught so far, by placeholder. It can hold secrets. `values` are all placeholders
    that the session fills.
    """

    room: str
    user: UserRow
    learned: Mapping[str, object] = field(default_factory=dict, repr=False)
    values: Mapping[str, object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Collect the values once: each message that is sent needs them."""
        object.__setattr__(self, "values", {**self.user.values(), **self.learned, "room": self.room})

    def learn(self, found: Mapping[str, object]) -> "Session":
        """Return the session that also knows what was found."""
        return Session(self.room, self.user, {**self.learned, **found})

    def redacted(self) -> "Session":
        """Return the session without the columns of its user, for what is recorded.

        That is the same session if its user has none.
        """
        return Session(self.room, self.user.redacted(), self.learned) if self.user.columns else self
