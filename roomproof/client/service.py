"""How a target speaks, and who its users are."""

from collections.abc import Sequence
from typing import assert_never

from roomproof.dialects.dialect import Dialect
from roomproof.dialects.native import native
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import BadToken, with_forged_token, without_token


class UserSource:
    """The users of a target whose ids are the names that scenarios use."""

    rows: Sequence[UserRow] | None = None
    """All users there are; None if there is one for any name."""
    keeps_names: bool = True
    """Whether the user for a name has that name as its id."""

    def row(self, name: str) -> UserRow:
        """Return the user for a name of a scenario. Raises UsageError."""
        return UserRow(name)

    def with_bad_token(self, name: str, how: BadToken) -> UserRow | None:
        """Return the user with a token that is not valid; None if there is no such token.

        Raises UsageError as `row` does.
        """
        match how:
            case BadToken.MISSING:
                return without_token(self.row(name))
            case BadToken.FORGED:
                return with_forged_token(self.row(name))
            case BadToken.EXPIRED:
                return None
            case _:
                assert_never(how)

    def check(self, count: int) -> None:
        """Raise UsageError unless there are that many users, ready to connect."""

    def check_row(self, row: UserRow) -> None:
        """Raise UsageError for a user whose tokens are too old to connect now."""


class Service:
    """The dialect of a target, and its users.

    Without arguments it is that of PROTOCOL.md.
    """

    def __init__(self, dialect: Dialect | None = None, users: UserSource | None = None) -> None:
        self.dialect = dialect or native()
        self.users = users or UserSource()
