"""The users of a target, from a file, a command, or tokens minted here.

What a row means is decided in roomproof.dialects.users. Here is what touches the machine: files, processes, the
environment and the clock.
"""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from roomproof.client.service import UserSource
from roomproof.dialects.dialect import Dialect
from roomproof.dialects.place import Place
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import (
    BadToken,
    JwtUsers,
    UserCommand,
    UserFile,
    check_enough,
    check_fresh,
    is_expiring,
)
from roomproof.printable import counted

EXPIRED_S = 3_600.0
"""Seconds since the expiry of a token that no service may accept any more."""

COMMAND_SECONDS = 30.0
"""Maximum duration of the command that prints a user."""


class TableUsers(UserSource):
    """Users from a CSV file.

    Each new name gets the next row, unless a row has that name.
    """

    def __init__(self, users: UserFile, needed: Mapping[str, Place]) -> None:
        """Read the file, relative to the current folder. Raises UsageError."""
        self._place = users.place
        try:
            text = Path(users.path).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            got = f"{users.path!r}: {why}"
            raise users.place.wrong("a file that can be read", got, "correct the path") from error
        rows = users.rows(text, needed)
        self._by_id = {str(row.user): row for row in rows}
        self.rows = self._rows = rows
        self.keeps_names = False
        self._given: dict[str, UserRow] = {}
        self._lock = threading.Lock()

    def row(self, name: str) -> UserRow:
        """Return the row of this id, or the next one that nobody has."""
        with self._lock:
            if name not in self._given:
                taken = {row.user for row in self._given.values()}
                row = self._by_id.get(name) or next((one for one in self._rows if one.user not in taken), None)
                if row is None or row.user in taken:
                    expected, got = f"more than {counted(len(self._rows), 'user')}", counted(len(self._rows), "row")
                    raise self._place.wrong(expected, got, "add rows to the file")
                self._given[name] = row
            return self._given[name]

    def check(self, count: int) -> None:
        """Raise UsageError for too few rows, and for tokens that expire too soon."""
        check_enough(self._rows, count, self._place)
        check_fresh(self._rows, time.time(), self._place)

    def check_row(self, row: UserRow) -> None:
        """Raise UsageError for a user whose tokens expire too soon, or have expired."""
        if is_expiring(row, time.time()):
            got = f"an expired one of user {row.user!r}"
            raise self._place.wrong("tokens that outlast the run", got, "make new tokens, or end the run earlier")


KEPT_ROWS = 20_000
"""Number of users that are remembered once they were made: a load run may have new ones for hours."""


class MadeUsers(UserSource):
    """Users that are made once for each name, and anew before a token expires."""

    def __init__(
        self,
        make: Callable[[str], UserRow],
        now: Callable[[], float] = time.time,
        make_expired: Callable[[str], UserRow] | None = None,
        *,
        keeps_names: bool = True,
    ) -> None:
        """`now` returns the seconds since 1970.

        `make_expired` makes a user whose token has expired.
        """
        self._make, self._now, self._make_expired = make, now, make_expired
        self.keeps_names = keeps_names
        self._rows: dict[str, UserRow] = {}
        self._lock = threading.Lock()

    def row(self, name: str) -> UserRow:
        """Return the user of a name, whose tokens are valid now."""
        with self._lock:
            row = self._rows.get(name)
            if row is None or is_expiring(row, self._now()):
                row = self._rows[name] = self._make(name)
                if len(self._rows) > KEPT_ROWS:
                    del self._rows[next(iter(self._rows))]
            return row

    def with_bad_token(self, name: str, how: BadToken) -> UserRow | None:
        """Return the user with a token that is not valid; None if there is no such token."""
        if how is not BadToken.EXPIRED or self._make_expired is None:
            return super().with_bad_token(name, how)
        row = self._make_expired(name)
        return row if is_expiring(row, self._now()) else None


def _ask(users: UserCommand, needed: Mapping[str, Place], name: str) -> UserRow:
    """Return the user that a command prints for a name. Raises UsageError."""
    words, place = users.arguments(name), users.place
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        got = f"none within {COMMAND_SECONDS:g} s"
        raise place.wrong("an answer of the command", got, "let it end sooner") from error
    except (OSError, ValueError) as error:
        raise place.wrong("a command that can be run", f"an error: {error}", "correct the command") from error
    if done.returncode != 0:
        # What it printed is not repeated: it can hold secrets.
        raise place.wrong("exit code 0 of the command", str(done.returncode), "run it by hand to see why")
    try:
        text = done.stdout.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise place.wrong("output in UTF-8", "other bytes", "correct the command") from error
    return users.row(text, needed)


def _key_of(users: JwtUsers) -> str:
    """Return the key of tokens from the environment. Raises UsageError."""
    key = os.environ.get(users.secret_env, "")
    if not key:
        got = "an empty one" if users.secret_env in os.environ else "none"
        raise users.place.wrong(f"a key in the variable {users.secret_env}", got, "set the variable")
    return key


def users_of(dialect: Dialect) -> UserSource:
    """Return the users of a dialect. Raises UsageError if they cannot be had."""
    match dialect.users:
        case UserFile() as users:
            return TableUsers(users, dialect.columns)
        case UserCommand() as users:
            return MadeUsers(partial(_ask, users, dialect.columns), keeps_names=False)
        case JwtUsers() as users:
            key = _key_of(users)
            age = users.lifetime + EXPIRED_S
            return MadeUsers(
                lambda name: users.mint(name, key, time.time()),
                make_expired=lambda name: users.mint(name, key, time.time() - age),
            )
        case _:
            return UserSource()
