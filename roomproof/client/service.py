"""How a target speaks, and who its users are."""

from roomproof.dialects.dialect import Dialect
from roomproof.dialects.native import native
from roomproof.dialects.session import UserRow


class UserSource:
    """The users of a target whose ids are the names that scenarios use."""

    def row(self, name: str) -> UserRow:
        """Return the user for a name of a scenario. Raises UsageError."""
        return UserRow(name)

    def check(self, count: int) -> None:
        """Raise UsageError unless there are that many users, ready to connect."""


class Service:
    """The dialect of a target, and its users.

    Without arguments it is that of PROTOCOL.md.
    """

    def __init__(self, dialect: Dialect | None = None, users: UserSource | None = None) -> None:
        self.dialect = dialect or native()
        self.users = users or UserSource()
