"""Tokens that are not valid, made from good ones."""

import jwt
import pytest

from roomproof.client.service import UserSource
from roomproof.client.users import MadeUsers
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import BadToken, TokenPlace, with_forged_token, without_token

KEY = "a-key-of-at-least-thirty-two-bytes!"


def test_a_forged_jwt_has_the_claims_and_another_signature() -> None:
    token = jwt.encode({"sub": "alice"}, KEY, algorithm="HS256")

    forged = with_forged_token(UserRow("alice", {"token": token, "nick": "al"}))

    assert forged is not None
    assert forged.columns["token"].rpartition(".")[0] == token.rpartition(".")[0]
    assert forged.columns["nick"] == "al"
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(forged.columns["token"], KEY, algorithms=["HS256"])


def test_another_forged_token_keeps_its_form() -> None:
    forged = with_forged_token(UserRow("alice", {"token": "Abc-123.x_9"}))

    assert forged is not None
    assert forged.columns["token"] == "Nop-678.k_4"


@pytest.mark.parametrize("columns", [{}, {"token": ""}, {"token": "--"}, {"nick": "al"}])
def test_without_a_token_there_is_nothing_to_forge(columns: dict[str, str]) -> None:
    assert with_forged_token(UserRow("alice", columns)) is None


def test_a_missing_token_leaves_the_other_columns() -> None:
    assert without_token(UserRow("alice", {"token": "x", "nick": "al"})) == UserRow("alice", {"nick": "al"})
    assert without_token(UserRow("alice", {"nick": "al"})) is None


@pytest.mark.parametrize("how", list(BadToken))
def test_users_without_tokens_have_no_bad_ones(how: BadToken) -> None:
    assert UserSource().with_bad_token("alice", how) is None


def minted(exp: int) -> UserRow:
    return UserRow("alice", {"token": jwt.encode({"sub": "alice", "exp": exp}, KEY, algorithm="HS256")})


def test_an_expired_token_has_expired() -> None:
    users = MadeUsers(lambda _: minted(2_000), lambda: 1_000.0, lambda _: minted(10))

    assert users.with_bad_token("alice", BadToken.EXPIRED) == minted(10)


def test_claims_that_never_expire_make_no_expired_token() -> None:
    users = MadeUsers(lambda _: minted(2_000), lambda: 1_000.0, lambda _: minted(2_000))

    assert users.with_bad_token("alice", BadToken.EXPIRED) is None


JWT = {"jwt": {"secret_env": "CHAT_KEY"}}
OWN = {
    "room": {"implicit": "room-{random}"},
    "say": {"frame": {"text": "{content}"}},
    "hear": [{"message": {"content": "text"}}],
    "without": ["notices", "errors", "sender", "timestamps"],
}


@pytest.mark.parametrize(
    ("tables", "places"),
    [
        pytest.param({}, set(), id="no users"),
        pytest.param({"users": JWT}, set(), id="a token that nothing shows"),
        pytest.param({"users": JWT, "connect": {"query": {"t": "{token}"}}}, {TokenPlace.HANDSHAKE}, id="a query"),
        pytest.param({"users": JWT, "connect": {"cookies": {"t": "{token}"}}}, {TokenPlace.HANDSHAKE}, id="a cookie"),
        pytest.param(
            {**OWN, "users": JWT, "connect": {"path": "/{room}"}, "opening": [{"send": {"auth": "{token}"}}]},
            {TokenPlace.OPENING},
            id="an opening",
        ),
    ],
)
def test_a_dialect_knows_where_a_token_is_shown(tables: dict[str, object], places: set[TokenPlace]) -> None:
    assert read_dialect(tables, "chat.toml").token_places == places
