"""Users come from files, commands or minted tokens, and secrets stay secret."""

import csv
import io
from pathlib import Path

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.place import Place
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import (
    JwtUsers,
    UserCommand,
    UserFile,
    check_enough,
    check_fresh,
    expiry_of,
    is_expiring,
    parse_rows,
)
from roomproof.errors import UsageError
from tests.unit.dialects.files import dialect_of

PLACE = Place("chat.toml", "[users] file")

TOKEN_PLACE = Place("chat.toml", "[connect] query token")

KEY = "a key of the service, long enough for its algorithm"

NOW = 1_766_527_977.0

VALUE = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


def minting(lifetime: float = 3600, claims: str = '{sub = "{user}", role = "guest"}') -> JwtUsers:
    """Return users whose tokens are minted."""
    table = f'{{secret_env = "CHAT_KEY", lifetime = {lifetime}, claims = {claims}}}'
    users = dialect_of(f"[users]\njwt = {table}").users
    assert isinstance(users, JwtUsers)
    return users


def test_rows_have_a_user_and_columns() -> None:
    rows = parse_rows('\ufeffuser,token\nalice,"a,b"\n\nbob,\n', {"token": TOKEN_PLACE}, PLACE)

    assert rows == (UserRow("alice", {"token": "a,b"}), UserRow("bob", {"token": ""}))


@given(st.dictionaries(VALUE, VALUE, min_size=1, max_size=5))
def test_any_table_is_read_back(tokens: dict[str, str]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([("user", "token"), *tokens.items()])

    assert {row.user: row.columns["token"] for row in parse_rows(file.getvalue(), {}, PLACE)} == tokens


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "expected a CSV table with a header row, got nothing"),
        ("alice,s3cret\n", "expected different columns, one of them user, got another first line"),
        ("user,user\n", "expected different columns"),
        ("user,the token\n", "of letters, digits and underscores"),
        ("user,room\n", "expected no column named room"),
        ("user,token\nalice\n", "expected 2 columns, got 1 column in row 1"),
        ("user,token\n,s3cret\n", "expected a user of its own in each row, got an empty one in row 1"),
        ("user,token\na,s3cret\na,s3cret\n", "got one that another row has in row 2"),
        ('user,token\na,"s3cret\n', "expected a CSV table with a header row, got a malformed one"),
        (
            "user,tokn\na,s3cret\n",
            r"\[connect\] query token: expected a column token for its placeholder, got the columns",
        ),
    ],
)
def test_a_table_is_refused_without_its_secrets(text: str, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refusal:
        parse_rows(text, {"token": TOKEN_PLACE}, PLACE)

    assert "s3cret" not in str(refusal.value)


def test_a_run_needs_enough_users() -> None:
    check_enough([UserRow("a"), UserRow("b")], 2, PLACE)
    with pytest.raises(UsageError, match=r"chat.toml, \[users\] file: expected at least 3 users, got 2 rows"):
        check_enough([UserRow("a"), UserRow("b")], 3, PLACE)


def test_a_file_and_a_command_are_declared() -> None:
    file = dialect_of('[users]\nfile = "people.csv"').users
    command = dialect_of('[users]\ncommand = "./token --for {user}"').users

    assert isinstance(file, UserFile)
    assert file.path == "people.csv"
    assert isinstance(command, UserCommand)
    assert command.arguments("a b") == ["./token", "--for", "a b"]
    assert UserCommand("./token -x", PLACE).arguments("a;b") == ["./token", "-x", "a;b"]


def test_a_command_prints_one_row() -> None:
    command = UserCommand("./token", PLACE)

    assert command.row("user,token\nalice,t0\n", {"token": TOKEN_PLACE}) == UserRow("alice", {"token": "t0"})
    with pytest.raises(UsageError, match="expected a header and one row from the command, got 0 rows"):
        command.row("user,token\n", {})


def test_a_token_is_minted_for_a_user() -> None:
    row = minting().mint("alice", KEY, NOW)
    claims = jwt.decode(row.columns["token"], KEY, ["HS256"], options={"verify_exp": False, "verify_iat": False})

    assert claims == {"sub": "alice", "role": "guest", "iat": int(NOW), "exp": int(NOW) + 3600}
    assert expiry_of(row) == int(NOW) + 3600


def test_a_short_key_is_a_matter_of_the_service() -> None:
    assert minting().mint("alice", "short", NOW).columns["token"]


def test_a_wrong_key_is_not_repeated() -> None:
    users = JwtUsers("CHAT_KEY", "RS256", minting().claims, 60, PLACE)

    with pytest.raises(UsageError, match="expected a key for RS256, got another one") as refusal:
        users.mint("alice", "s3cret", NOW)
    assert "s3cret" not in str(refusal.value)
    assert refusal.value.__cause__ is None


@pytest.mark.parametrize(
    ("columns", "expiry"),
    [
        ({"token": "opaque"}, None),
        ({"token": "a.b.c"}, None),
        ({"exp": "100"}, 100.0),
        ({"exp": "soon"}, None),
        ({"exp": "100", "token": minting().mint("a", KEY, NOW).columns["token"]}, 100.0),
    ],
)
def test_the_first_expiry_counts(columns: dict[str, str], expiry: float | None) -> None:
    assert expiry_of(UserRow("alice", columns)) == expiry


def test_expired_tokens_are_refused_before_the_run() -> None:
    rows = [UserRow("alice", {"exp": str(NOW + 3600)}), UserRow("bob", {"exp": str(NOW - 1)})]

    assert not is_expiring(rows[0], NOW)
    check_fresh(rows[:1], NOW, PLACE)
    with pytest.raises(UsageError, match="expected tokens that are valid, got 1 expired one, the first in row 2"):
        check_fresh(rows, NOW, PLACE)


@given(st.text() | st.sampled_from(["a.b.c", "eyJhbGciOiJIUzI1NiJ9.W10.x", "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOiJ4In0.x"]))
def test_any_column_can_be_looked_into(value: str) -> None:
    assert expiry_of(UserRow("alice", {"token": value})) is None


def test_no_module_of_dialects_prints_a_row() -> None:
    """Rows reach messages nowhere: errors are built from places and counts."""
    folder = Path(parse_rows.__code__.co_filename).parent

    assert not [file.name for file in folder.rglob("*.py") if "print(" in file.read_text(encoding="utf-8")]
