"""A user is given to one connection at a time, and to one room not too soon again."""

from pathlib import Path

import pytest

from roomproof.client.target import Target, UsageError
from roomproof.client.target_file import read_target
from roomproof.dialects.session import UserRow
from roomproof.load.worker.users import LoadUsers, NoFreeUserError


def target_of(folder: Path, *rows: str, header: str = "user,token") -> Target:
    """Return a target whose users stand in a file."""
    (folder / "people.csv").write_text("\n".join([header, *rows]))
    file = folder / "chat.toml"
    file.write_text(f'url = "http://chat.test"\n[users]\nfile = "{folder}/people.csv"\n')
    return read_target(str(file), users=1)


def nobody(_: UserRow) -> bool:
    return False


def names(users: LoadUsers, count: int) -> list[str | None]:
    return [users.take("any", nobody).user for _ in range(count)]


def test_each_process_takes_its_part_of_the_file(tmp_path: Path) -> None:
    target = target_of(tmp_path, *(f"u{number},s3cret" for number in range(5)))

    assert names(LoadUsers(target, 0, 2), 3) == ["u0", "u2", "u4"]
    assert names(LoadUsers(target, 1, 2), 2) == ["u1", "u3"]


def test_a_user_is_free_again_when_it_is_given_back(tmp_path: Path) -> None:
    users = LoadUsers(target_of(tmp_path, "alice,s3cret", "bob,s3cret"))
    alice, _ = users.take("any", nobody), users.take("any", nobody)
    with pytest.raises(NoFreeUserError):
        users.take("any", nobody)
    users.give_back(alice)

    assert names(users, 1) == ["alice"]


def test_a_user_who_may_still_be_heard_of_is_passed_over(tmp_path: Path) -> None:
    users = LoadUsers(target_of(tmp_path, "alice,s3cret", "bob,s3cret"))

    assert users.take("any", lambda row: row.user == "alice").user == "bob"
    with pytest.raises(NoFreeUserError):
        users.take("any", lambda row: row.user == "alice")
    assert names(users, 1) == ["alice"]


def test_a_token_that_has_expired_is_not_used(tmp_path: Path) -> None:
    users = LoadUsers(target_of(tmp_path, "alice,s3cret,9999999999", header="user,token,exp"))
    users.give_back(UserRow("old", {"token": "s3cret", "exp": "1000"}))

    assert names(users, 1) == ["alice"]
    with pytest.raises(UsageError, match="an expired one of user 'old'") as refused:
        users.take("any", nobody)
    assert "s3cret" not in str(refused.value)


def test_users_of_any_name_are_those_asked_for() -> None:
    users = LoadUsers(Target("http://chat.test"))

    assert users.keeps_names
    assert users.take("alice", nobody).user == "alice"
    assert users.creator().user == "roomproof"
