"""A room knows its users and where its members have connected."""

from typing import Any, cast

from roomproof.load.worker.room import LoadRoom


def test_every_user_of_a_room_has_an_id_of_its_own() -> None:
    room = LoadRoom("chat", "run-0-7", cast(Any, None))

    assert [room.user(number) for number in range(3)] == ["run-0-7-0", "run-0-7-1", "run-0-7-2"]
