"""The users of a target, from a file, a command, or tokens minted here.

What a row means is decided in roomproof.dialects.users. Here is what touches the machine: files, processes, the
environment and the clock.
"""

import os
import subprocess
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from roomproof.client.service import UserSource
from roomproof.dialects.dialect import Dialect
from roomproof.dialects.place import Place
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import JwtCache, JwtUsers, UserCommand, UserFile, check_fresh, is_expiring

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
        self._rows = rows
        self._given: dict[str, UserRow] = {}
        self._lock = threading.Lock()

    def row(self, name: str) -> UserRow:
        """Return the row of this id, or the next one that nobody has."""
        with self._lock:
            if name not in self._given:
                taken = {row.user for row in self._given.values()}
                row = self._by_id.get(name) or next((one for one in self._rows if one.user not in taken), None)
                if row is None or row.user in taken:
                    expected, got = f"more than {len(self._rows)} users", f"{len(self._rows)} rows"
                    raise self._place.wrong(expected, got, "add rows to the file")
                self._given[name] = row
            return self._given[name]

    def check(self, count: int) -> None:
        """Raise UsageError for too few rows, and for tokens that expire too soon."""
        if len(self._rows) < count:
            raise self._place.wrong(f"at least {count} users", f"{len(self._rows)} rows", "add rows to the file")
        check_fresh(self._rows, time.time(), self._place)


@dataclass(slots=True)
class CommandUsers(UserSource):
    """Users from a command, which is asked once for each name."""

    users: UserCommand
    needed: Mapping[str, Place]
    _rows: dict[str, UserRow] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def row(self, name: str) -> UserRow:
        """Return the user that the command prints for a name.

        The command is asked anew once a token expires.
        """
        with self._lock:
            row = self._rows.get(name)
            if row is None or is_expiring(row, time.time()):
                row = self._rows[name] = self._ask(name)
            return row

    def _ask(self, name: str) -> UserRow:
        words, place = self.users.arguments(name), self.users.place
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
        return self.users.row(text, self.needed)

    def check(self, count: int) -> None:  # noqa: ARG002  # a command can make any number of users
        """Ask for one user. Raises UsageError if the command does not work."""
        self.row("alice")


class JwtSource(UserSource):
    """Users with tokens that are minted here, and minted anew before they expire."""

    def __init__(self, users: JwtUsers) -> None:
        """Read the key from the environment. Raises UsageError if it is missing."""
        key = os.environ.get(users.secret_env, "")
        if not key:
            got = "an empty one" if users.secret_env in os.environ else "none"
            raise users.place.wrong(f"a key in the variable {users.secret_env}", got, "set the variable")
        self._cache = JwtCache(users, key)

    def row(self, name: str) -> UserRow:
        """Return a user with a token that is valid now."""
        return self._cache.row(name, time.time())

    def check(self, count: int) -> None:  # noqa: ARG002  # any number can be minted
        """Mint one token. Raises UsageError if the key does not fit the algorithm."""
        self.row("alice")


def users_of(dialect: Dialect) -> UserSource:
    """Return the users of a dialect. Raises UsageError if they cannot be had."""
    match dialect.users:
        case UserFile() as users:
            return TableUsers(users, dialect.columns)
        case UserCommand() as users:
            return CommandUsers(users, dialect.columns)
        case JwtUsers() as users:
            return JwtSource(users)
        case _:
            return UserSource()
