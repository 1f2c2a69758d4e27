"""The statistics count the members and list the active rooms."""

from roomproof.client.http import Http
from roomproof.spec.messages import message
from roomproof.spec.rules import Capability
from roomproof.stage.room import Room
from roomproof.stage.scene import RuleBrokenError, expect
from roomproof.stage.stage import Stage
from roomproof.suite.marks import needs, rule


@rule("STATS-1")
def test_the_statistics_have_their_form(stage: Stage, kitchen: Room, garage: Room) -> None:
    stage.stats()
    kitchen.join("alice")
    garage.join("alice")
    stage.stats()


@rule("STATS-2")
def test_every_connection_counts(stage: Stage, kitchen: Room, garage: Room) -> None:
    for members, (room, user) in enumerate([(kitchen, "alice"), (kitchen, "bob"), (kitchen, "bob"), (garage, "alice")]):
        expect_counted(stage, members)
        room.join(user)

    expect_counted(stage, 4)


def expect_counted(stage: Stage, members: int) -> None:
    """Expect that the statistics come to count so many members."""
    if not stage.is_counted(members):
        expected = f"total_connections to come to {members}"
        raise RuleBrokenError("STATS-2", expected, str(stage.stats().total_connections))


@rule("STATS-2")
def test_who_leaves_counts_no_more(stage: Stage, kitchen: Room) -> None:
    alice, bob, bobs_phone = (kitchen.join(user) for user in ("alice", "bob", "bob"))
    expect_counted(stage, 3)

    for left, leave in ((2, bob.leave), (1, bobs_phone.die), (0, alice.leave)):
        leave()
        expect_counted(stage, left)


@rule("STATS-3")
def test_a_room_with_members_is_listed(stage: Stage, kitchen: Room, garage: Room) -> None:
    kitchen.join("alice")
    expect_listed(stage, kitchen)

    garage.join("bob")
    expect_listed(stage, kitchen, garage)


def expect_listed(stage: Stage, *rooms: Room) -> None:
    """Expect that the statistics come to list all of these rooms."""
    ids = {room.id for room in rooms}
    stats = stage.stats_once(lambda stats: ids <= set(stats.active_rooms))
    expect(ids <= set(stats.active_rooms), rule="STATS-3", expected=f"{sorted(ids)} to be listed", got=stats)


def expect_unlisted(stage: Stage, room: Room) -> None:
    """Expect that the statistics come not to list a room."""
    stats = stage.stats_once(lambda stats: room.id not in stats.active_rooms)
    expect(room.id not in stats.active_rooms, rule="STATS-4", expected=f"{room.id} not to be listed", got=stats)


@rule("STATS-3", "JOIN-6")
def test_all_the_rooms_of_one_user_are_listed(stage: Stage) -> None:
    rooms = {room.id: room for room in (stage.room() for _ in range(12))}
    for room in rooms.values():
        room.join("alice")

    stats = stage.stats_once(lambda stats: rooms.keys() <= set(stats.active_rooms))

    missing = rooms.keys() - set(stats.active_rooms)
    got = f"all but {len(missing)} of them"
    expect(not missing, rule="STATS-3", expected=f"all {len(rooms)} rooms in active_rooms", got=got)


@rule("STATS-3")
def test_a_room_is_listed_until_its_last_member_leaves(stage: Stage, kitchen: Room) -> None:
    alice = kitchen.join("alice")
    bob = kitchen.join("bob")
    bob.leave()
    alice.hears_leave_of("bob")

    expect_listed(stage, kitchen)
    alice.fence()


@rule("STATS-4")
def test_a_room_that_everybody_left_is_not_listed(stage: Stage, kitchen: Room, garage: Room) -> None:
    garage.join("charlie")
    alice, bob = kitchen.join("alice"), kitchen.join("bob")
    stage.stats_once(lambda stats: kitchen.id in stats.active_rooms)

    alice.leave()
    bob.die()

    expect_unlisted(stage, kitchen)
    expect_listed(stage, garage)


@rule("STATS-4")
def test_a_room_emptied_by_too_large_a_frame_is_not_listed(stage: Stage, kitchen: Room) -> None:
    alice = kitchen.join("alice")
    stage.stats_once(lambda stats: kitchen.id in stats.active_rooms)

    alice.send_or_be_gone(message("x" * (2 * 1024 * 1024)))
    if alice.stays():
        alice.leave()

    expect_unlisted(stage, kitchen)


@rule("STATS-4")
@needs(Capability.DELETE)
def test_a_deleted_room_is_not_listed(stage: Stage, kitchen: Room, garage: Room) -> None:
    garage.join("charlie")
    alice = kitchen.join("alice")
    stage.stats_once(lambda stats: kitchen.id in stats.active_rooms)

    kitchen.delete()
    alice.was_closed_with(rule="CLOSE-3")

    expect_unlisted(stage, kitchen)
    expect_listed(stage, garage)


@rule("STATS-4")
def test_a_room_that_nobody_entered_is_not_listed(stage: Stage, kitchen: Room, garage: Room) -> None:
    garage.join("alice")

    stats = stage.stats_once(lambda stats: garage.id in stats.active_rooms)

    expect(kitchen.id not in stats.active_rooms, rule="STATS-4", expected="no room that nobody entered", got=stats)


@rule("STATS-5")
def test_the_instance_is_healthy(http: Http) -> None:
    assert http.request("GET", "/health").status == 200
