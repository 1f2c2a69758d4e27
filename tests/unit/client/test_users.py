"""Users that are made for names, and made anew."""

from roomproof.client.users import MadeUsers
from roomproof.dialects.session import UserRow

NOW = 1_700_000_000.0


def test_a_user_is_made_anew_before_a_token_expires() -> None:
    now = NOW
    users = MadeUsers(lambda name: UserRow(name, {"token": "s3cret", "exp": str(now + 3600)}), lambda: now)
    first = users.row("alice")

    now = NOW + 3000
    assert users.row("alice") is first
    now = NOW + 3590
    assert users.row("alice").columns["exp"] == str(NOW + 3590 + 3600)
    assert "s3cret" not in repr(users)


def test_each_name_is_made_once() -> None:
    asked: list[str] = []

    def make(name: str) -> UserRow:
        asked.append(name)
        return UserRow(name)

    users = MadeUsers(make)
    rows = [users.row(name) for name in ("alice", "bob", "alice")]

    assert rows[0] is rows[2]
    assert asked == ["alice", "bob"]
