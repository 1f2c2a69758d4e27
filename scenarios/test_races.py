"""People who come and go at one time, while the server waits for something.

A server that looks something up, waits, and then acts on what it found goes wrong only if somebody else acts meanwhile.
So each scenario lets two people act at one time, again and again, each time a different moment apart. The judge sees
what comes of it.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TypeVar

from roomproof.spec.limits import CloseCode
from roomproof.stage.at_once import at_once
from roomproof.stage.person import Person
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.suite.marks import rule

T = TypeVar("T")

MS = 0.001
"""A millisecond, in seconds."""

ENTRANCES_APART = [offset * MS for offset in (0, 0, 0.2, 0.2, 0.4, 0.4, 0.6, 0.6, 0.8, 1, 1.2, 1.5)]
"""Seconds from one person's entrance to another's, one for each room."""

ROOMS = 6
"""Number of rooms that somebody enters while the last one leaves."""

TIMES = 5
"""Number of times that this happens in each room."""

MOMENTS = [(3 * number / (ROOMS * TIMES) - 0.5) * MS for number in range(ROOMS * TIMES)]
"""Seconds by which an entrance reaches the server later than a leave, one for each time."""

LEAVES_APART = [offset * MS / 4 for offset in range(-4, 8)]
"""Seconds from a leave to a message of somebody else, one for each time."""

DELETIONS_APART = [offset * MS / 2 for offset in range(-8, 4)]
"""Seconds from the deletion of a room to somebody's entrance, one for each room."""


def are_members(*people: Person) -> bool:
    """Whether each of these people hears itself, and so is known to be a member."""
    said = [(one, one.say_or_be_gone("here I am")) for one in people]
    return all(one.heard(content) for one, content in said)


def meet(*people: Person) -> bool:
    """Whether everybody hears everybody, once all are known to be members."""
    if not are_members(*people):
        return False
    said = [one.say_or_be_gone("is everybody here?") for one in people]
    return all(listener.heard(content) for content in said for listener in people)


def timed(durations: list[float], act: Callable[[], T]) -> T:
    """Return what an act returns, and append how many seconds it took."""
    began = time.monotonic()
    result = act()
    durations.append(time.monotonic() - began)
    return result


@rule("DELIVER-1", "DELIVER-3")
def test_two_who_enter_an_empty_room_at_one_time_meet(stage: Stage) -> None:
    home = stage.scene.http.home

    for apart in ENTRANCES_APART:
        room = stage.room()
        room.invite("alice", "bob")
        enter = partial(room.enter, source=home)
        alice, bob = at_once(partial(enter, "alice"), partial(enter, "bob"), apart=apart)
        if not meet(alice, bob):
            return


@rule("DELIVER-1", "JOIN-1")
def test_whoever_enters_while_the_last_one_leaves_meets_the_next(stage: Stage) -> None:
    """An entrance takes longer than a leave, so it begins earlier by the difference."""
    home = stage.scene.http.home
    entering: list[float] = []
    leaving = [0.0]

    for number in range(ROOMS):
        room = stage.room()
        users = [f"guest-{number}" for number in range(2 * TIMES + 1)]
        room.invite(*users)
        enter = partial(room.enter, source=home)
        last = timed(entering, partial(enter, users[0]))
        for user, following, moment in zip(users[1::2], users[2::2], MOMENTS[number::ROOMS], strict=True):
            if not are_members(last):
                return
            apart = median(leaving) - median(entering) + moment
            _, newcomer = at_once(last.leave, partial(enter, user), apart=apart)
            if not are_members(newcomer):
                return
            last = timed(entering, partial(enter, following))
            if not meet(newcomer, last):
                return
            timed(leaving, newcomer.leave)


@rule("DELIVER-1")
def test_nobody_misses_what_is_said_while_another_leaves(stage: Stage) -> None:
    room = stage.room()
    guests = [room.enter(f"guest-{number}") for number in range(len(LEAVES_APART))]
    alice, bob = room.join("alice"), room.join("bob")
    room.pace_everybody()

    for number, (guest, apart) in enumerate(zip(guests, LEAVES_APART, strict=True)):
        leave = partial(guest.go, ("close", "fin", "rst")[number % 3])
        _, said = at_once(leave, partial(alice.say_all, 3), apart=apart)
        if not all(one.heard(content) for content in said for one in (alice, bob)):
            return


@rule("STATS-4")
def test_a_room_that_two_leave_at_one_time_is_not_listed(stage: Stage) -> None:
    for apart in ENTRANCES_APART[:8]:
        room = stage.room()
        at_once(room.join("alice").leave, room.join("bob").leave, apart=apart)

    rooms = {room.id for room in stage.rooms}
    stats = stage.stats_once(lambda stats: not rooms.intersection(stats.active_rooms))

    if listed := rooms.intersection(stats.active_rooms):
        expected = f"none of {len(rooms)} rooms in active_rooms, whose last two members left at one time"
        raise RuleBrokenError("STATS-4", expected, f"{len(listed)} of them")


@rule("CLOSE-3")
def test_nobody_stays_who_enters_while_the_room_is_deleted(stage: Stage) -> None:
    home = stage.scene.http.home

    for apart in DELETIONS_APART:
        room = stage.room()
        room.invite("alice", "bob")
        room.enter("alice", source=home)
        _, bob = at_once(room.delete, partial(room.attempt, "bob", source=home), apart=apart)
        if isinstance(bob, Person) and bob.was_closed_with(rule="CLOSE-3") != CloseCode.NO_SUCH_ROOM:
            expected = "bob, who entered while the room was deleted, to be refused or closed with 4004"
            raise RuleBrokenError("CLOSE-3", expected, bob.account())
