"""Users: rows of a CSV file, of a command's output, or with tokens minted here.

Reading files, running commands and telling the time is left to others: all of it arrives as arguments. Rows and keys
hold secrets, so no message repeats a value of theirs.
"""

import csv
import io
import re
import shlex
import string
import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from roomproof.dialects.place import Place
from roomproof.dialects.session import UserRow
from roomproof.dialects.template import Template
from roomproof.printable import counted

RESERVED = frozenset({"any", "content", "mark", "name", "number", "random", "room"})
"""Placeholders that Roomproof fills, so that no column can have their names."""

EXPIRES_SOON_S = 30.0
"""Seconds before its expiry from which a token is too old to begin with."""

TOKEN = "token"
"""The column with which a user proves who it is."""

OTHERS = str.maketrans(
    string.ascii_letters + string.digits,
    f"{string.ascii_lowercase[13:]}{string.ascii_lowercase[:13]}"
    f"{string.ascii_uppercase[13:]}{string.ascii_uppercase[:13]}5678901234",
)
"""Another letter for each letter, and another digit for each digit."""

TOKENS_REMEMBERED = 20_000
"""Number of tokens whose claims are remembered: those of a file of users are asked for again and again."""

_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JWT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")


@dataclass(frozen=True, slots=True)
class UserFile:
    """A CSV file with a row for each user, its header first."""

    path: str
    place: Place

    def rows(self, text: str, needed: Mapping[str, Place]) -> tuple[UserRow, ...]:
        """Parse the text of the file.

        `needed` are the placeholders that its columns must fill. Raises UsageError.
        """
        return parse_rows(text, needed, self.place)


@dataclass(frozen=True, slots=True)
class UserCommand:
    """A command that prints the header and the row of one user as CSV."""

    command: str
    place: Place

    def arguments(self, name: str) -> list[str]:
        """Return the program and its arguments for a user: `{user}`, or else the last one."""
        words = shlex.split(self.command)
        if any("{user}" in word for word in words):
            return [word.replace("{user}", name) for word in words]
        return [*words, name]

    def row(self, output: str, needed: Mapping[str, Place]) -> UserRow:
        """Parse the output of the command. Raises UsageError."""
        rows = parse_rows(output, needed, self.place)
        if len(rows) != 1:
            raise self.place.wrong(
                "a header and one row from the command", counted(len(rows), "row"), "print the row of the user only"
            )
        return rows[0]


@dataclass(frozen=True, slots=True)
class JwtUsers:
    """Users whose tokens are minted here, in the placeholder `{token}`."""

    secret_env: str
    """The environment variable that holds the key."""
    algorithm: str
    claims: Template
    lifetime: float
    """Seconds for which a token is valid."""
    place: Place

    def mint(self, user: str, key: str, now: float) -> UserRow:
        """Return a user with a token that is valid from `now`, in seconds since 1970.

        Raises UsageError if the key does not fit the algorithm.
        """
        import jwt  # its import is slow, and few targets need it

        claims = self.claims.fill({"user": user})
        given = claims if isinstance(claims, dict) else {}
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # how long its key is, is a matter of the service
                token = jwt.encode(
                    {"iat": int(now), "exp": int(now + self.lifetime), **given}, key, algorithm=self.algorithm
                )
        except (jwt.PyJWTError, ValueError, TypeError, NotImplementedError):
            # The error of the library is left out: it can quote the key.
            got = "another one (not repeated here)"
            advice = f"correct the variable {self.secret_env}"
            raise self.place.wrong(f"a key for {self.algorithm}", got, advice) from None
        return UserRow(user, {"token": token})


Users = UserFile | UserCommand | JwtUsers


def parse_rows(text: str, needed: Mapping[str, Place], place: Place) -> tuple[UserRow, ...]:
    """Parse CSV with a header row that has a column `user`.

    Raises UsageError for a malformed table, for a row without a user or with one that another row has, and for a
    missing column that a placeholder needs. Errors name rows and columns, never values.
    """
    try:
        header, *lines = [line for line in csv.reader(io.StringIO(text.lstrip("\ufeff")), strict=True) if line]
    except (csv.Error, ValueError) as error:
        got = "nothing" if not text.strip() else f"a malformed one ({error})"
        raise place.wrong("a CSV table with a header row", got, "begin with a line like user,token") from error
    _check_header_row(header, needed, place)
    rows: dict[str, UserRow] = {}
    for number, line in enumerate(lines, 1):
        if len(line) != len(header):
            got = f"{counted(len(line), 'column')} in row {number}"
            raise place.wrong(counted(len(header), "column"), got, "quote values with commas")
        columns = dict(zip(header, line, strict=True))
        user = columns.pop("user")
        if not user or user in rows:
            got = f"{'an empty one' if not user else 'one that another row has'} in row {number}"
            raise place.wrong("a user of its own in each row", got, "correct the row")
        rows[user] = UserRow(user, columns)
    return tuple(rows.values())


def _check_header_row(header: Sequence[str], needed: Mapping[str, Place], place: Place) -> None:
    names = ", ".join(header)
    if "user" not in header or len(set(header)) < len(header) or not all(map(_COLUMN.fullmatch, header)):
        # Without a header, its first line can hold secrets.
        got = "another first line" if "user" not in header else names
        advice = "begin with a line like user,token, of letters, digits and underscores"
        raise place.wrong("different columns, one of them user", got, advice)
    if taken := RESERVED & set(header):
        raise place.wrong(
            f"no column named {', '.join(sorted(taken))}", names, "rename it: Roomproof fills these itself"
        )
    for name, where in needed.items():
        if name not in header:
            got = f"the columns {names} in {place.at}"
            raise where.wrong(f"a column {name} for its placeholder", got, "add the column or correct the placeholder")


def check_enough(rows: Collection[UserRow], needed: int, place: Place) -> None:
    """Raise UsageError if there are fewer users than a run needs."""
    if len(rows) < needed:
        raise place.wrong(f"at least {counted(needed, 'user')}", counted(len(rows), "row"), "add rows to the file")


def expiry_of(row: UserRow) -> float | None:
    """Return when the first of a user's tokens expires, in seconds since 1970.

    Looks at a column `exp`, and into columns that hold a JSON Web Token. Returns None if nothing tells.
    """
    found = []
    for name, value in row.columns.items():
        if name == "exp" and re.fullmatch(r"\d{1,18}(\.\d+)?", value, re.ASCII):
            found.append(float(value))
        elif _JWT.fullmatch(value):
            exp = _claims(value).get("exp")
            if isinstance(exp, int | float) and not isinstance(exp, bool):
                found.append(float(exp))
    return min(found, default=None)


@lru_cache(TOKENS_REMEMBERED)
def _claims(token: str) -> Mapping[str, object]:
    """Return the claims of a token, unverified: only its service can verify it."""
    import jwt  # its import is slow, and few targets need it

    try:
        claims: Mapping[str, object] = jwt.decode(token, options={"verify_signature": False, "verify_exp": False})
    except (jwt.PyJWTError, ValueError):
        return {}
    return claims


class TokenPlace(StrEnum):
    """A part of a connection's beginning in which a token can stand."""

    HANDSHAKE = "handshake"
    OPENING = "opening"


class BadToken(StrEnum):
    """A way in which a token of a user is not valid."""

    MISSING = "missing"
    FORGED = "forged"
    EXPIRED = "expired"


def without_token(row: UserRow) -> UserRow | None:
    """Return the user without a token; None for a user that has none anyway."""
    if TOKEN not in row.columns:
        return None
    return UserRow(row.user, {name: value for name, value in row.columns.items() if name != TOKEN})


def with_forged_token(row: UserRow) -> UserRow | None:
    """Return the user with another token of the same form, if there can be one.

    Of a JSON Web Token, only the signature is another one.
    """
    token = row.columns.get(TOKEN, "")
    # The last character of a signature holds few bits, so another one might be no base64.
    begin, end = (token.rindex(".") + 1, len(token) - 1) if _JWT.fullmatch(token) else (0, len(token))
    forged = token[:begin] + token[begin:end].translate(OTHERS) + token[end:]
    return UserRow(row.user, {**row.columns, TOKEN: forged}) if forged != token else None


def is_expiring(row: UserRow, now: float) -> bool:
    """Whether a token of the user has expired, or expires too soon to begin with."""
    expiry = expiry_of(row)
    return expiry is not None and expiry < now + EXPIRES_SOON_S


def check_fresh(rows: Sequence[UserRow], now: float, place: Place) -> None:
    """Raise UsageError for users whose tokens have expired, or expire too soon."""
    expired = [number for number, row in enumerate(rows, 1) if is_expiring(row, now)]
    if expired:
        got = f"{counted(len(expired), 'expired one')}, the first in row {expired[0]}"
        raise place.wrong("tokens that are valid", got, "make new tokens")
