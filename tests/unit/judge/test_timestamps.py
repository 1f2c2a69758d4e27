"""Time does not run backwards or stand still (DELIVER-9), whoever stamps what."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import MILLISECOND, Actor, Tale, Told, finding, stamp


def each_hears(sender: Actor, receivers: list[Actor], *, ahead: tuple[int, ...] = (0, 1)) -> Told:
    """A message, stamped for each receiver, so many milliseconds ahead of the clock."""
    soup = sender.says("soup")
    for receiver, milliseconds in zip(receivers, ahead, strict=True):
        receiver.hears(soup, timestamp=stamp(sender.tale.clock + milliseconds * MILLISECOND))
    return soup


def test_a_server_may_stamp_each_delivery(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    each_hears(alice, [alice, bob])
    each_hears(alice, [alice, bob], ahead=(900, 0))
    each_hears(alice, [alice, bob], ahead=(1_000, 0))

    assert tale.findings() == []


def test_time_does_not_run_backwards_at_one_receiver(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    each_hears(alice, [alice, bob])
    each_hears(alice, [alice, bob])
    third = each_hears(alice, [alice, bob], ahead=(0, -100))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", bob, third)]


def test_time_runs_backwards_from_a_join_that_came_late(tale: Tale) -> None:
    """The first message was echoed before anybody had heard that its sender joined."""
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    soup = bob.says("soup")
    bob.hears(soup)
    alice.hears(bob.joined)
    alice.hears(soup, timestamp=stamp(tale.clock - 100 * MILLISECOND))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, soup)]


def test_nobody_left_before_the_last_words(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(bob.says("soup"))
    left = bob.leaves()
    alice.hears(left, timestamp=stamp(tale.clock - 100 * MILLISECOND))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, left)]


def test_nobody_left_early_before_the_last_words(tale: Tale) -> None:
    """Its client did not know yet that it had left."""
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(bob.says("soup"))
    alice.hears(bob.left, timestamp=stamp(tale.clock - 100 * MILLISECOND))
    bob.is_closed(1001)

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, bob.left)]


def test_nobody_left_at_the_time_of_words_long_before(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    stamped, soup = stamp(tale.clock), bob.says("soup")
    for one in (alice, bob):
        one.hears(soup, timestamp=stamped)
    tale.passes(2.5)
    left = bob.leaves()
    alice.hears(left, timestamp=stamped)

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, left)]


@pytest.mark.parametrize(("seconds", "is_frozen"), [(1.5, False), (2.5, True)])
def test_time_stands_still_where_two_seconds_do_not_pass(tale: Tale, seconds: float, is_frozen: bool) -> None:
    (alice,) = tale.meet("alice")
    stamped = stamp(tale.clock)
    alice.hears(alice.says("soup"), timestamp=stamped)
    tale.passes(seconds)
    bread = alice.says("bread")
    alice.hears(bread, timestamp=stamped)

    assert tale.findings() == ([finding(Kind.WRONG_TIME, "DELIVER-9", alice, bread)] if is_frozen else [])


def test_what_a_newcomer_got_first_is_compared_by_the_others(tale: Tale) -> None:
    """They got what was before."""
    (alice,) = tale.meet("alice")
    alice.hears(alice.says("bread"))
    bob = tale.joins("bob")
    soup = alice.says("soup")
    early = stamp(tale.clock - 100 * MILLISECOND)
    bob.hears(bob.joined)
    bob.hears(soup, timestamp=early)
    alice.hears(bob.joined)
    alice.hears(soup, timestamp=early)

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", alice, soup)]


def test_time_that_runs_backwards_is_found_in_one_copy_of_many(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    each_hears(alice, [alice, bob, carol], ahead=(0, 0, 0))
    second = each_hears(alice, [alice, bob, carol], ahead=(0, -100, 0))
    each_hears(alice, [alice, bob, carol], ahead=(0, 0, 0))

    assert tale.findings() == [finding(Kind.WRONG_TIME, "DELIVER-9", bob, second)]


def test_the_last_words_may_reach_somebody_after_the_leave(tale: Tale) -> None:
    """The leave had reached another."""
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    words = bob.says("soup")
    left = bob.leaves()
    alice.hears(words, left)
    carol.hears(words, mood="good")
    carol.hears(left)

    assert tale.findings() == []


def test_a_copy_with_an_earlier_stamp_is_a_copy(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    each_hears(alice, [alice, bob], ahead=(0, 100))
    soup = alice.says("soup")
    for milliseconds in (50, 40, 50):
        alice.hears(soup, timestamp=stamp(tale.clock + milliseconds * MILLISECOND))
    bob.hears(soup, timestamp=stamp(tale.clock + 10**9))

    doubled = finding(Kind.DUPLICATED, "DELIVER-3", alice, soup)
    assert tale.findings() == [doubled, doubled]


CLOCK = 2_000 * MILLISECOND
"""The time by which the clock of one of two instances is ahead; each stamps all that it tells."""


@pytest.fixture(params=["instances that are known", "instances that nobody tells"])
def places(request: pytest.FixtureRequest) -> tuple[str | None, str | None]:
    """The instance whose clock is ahead, and the other one."""
    return ("ahead", "right") if request.param == "instances that are known" else (None, None)


def ahead(told: Told, now: int) -> Told:
    """An item as the instance tells it now whose clock is ahead."""
    return told._replace(frame={**told.frame, "timestamp": stamp(now + CLOCK)})


def two_copies(sender: Actor) -> tuple[Told, Told]:
    """Return two instances' copies of a message: that of the faster clock first."""
    soup = sender.says("soup")
    return ahead(soup, sender.tale.clock), soup


@pytest.mark.parametrize("is_known", [True, False], ids=["it is known to be there", "nobody knows that it is there"])
def test_a_newcomer_is_told_by_another_clock(tale: Tale, places: tuple[str | None, str | None], is_known: bool) -> None:
    tale.declares("pubsub")
    alice = tale.joins("alice", instance=places[0])
    alice.hears(ahead(alice.joined, tale.clock))
    alice.hears(two_copies(alice)[0])
    bob = tale.joins("bob", instance=places[1])
    if is_known:
        bob.hears(bob.joined)
    first, other = two_copies(alice)
    bob.hears(other)
    alice.hears(ahead(bob.joined, tale.clock), first)
    for _ in range(2):
        first, other = two_copies(alice)
        bob.hears(other)
        alice.hears(first)

    assert tale.findings() == []


def test_a_newcomer_is_told_of_a_leave_by_another_clock(tale: Tale, places: tuple[str | None, str | None]) -> None:
    tale.declares("pubsub")
    alice, carol = tale.joins("alice", instance=places[0]), tale.joins("carol", instance=places[0])
    alice.hears(ahead(carol.joined, tale.clock))
    words, _ = two_copies(carol)
    tale.all_hear(words)
    bob = tale.joins("bob", instance=places[1])
    bob.hears(carol.leaves())
    alice.hears(ahead(bob.joined, tale.clock))
    alice.hears(ahead(carol.left, tale.clock))

    assert tale.findings() == []


def test_a_second_newcomer_gets_what_the_first_one_got(tale: Tale, places: tuple[str | None, str | None]) -> None:
    tale.declares("pubsub")
    alice = tale.joins("alice", instance=places[0])
    alice.hears(ahead(alice.joined, tale.clock))
    alice.hears(two_copies(alice)[0])
    bob, carol = tale.joins("bob", instance=places[1]), tale.joins("carol", instance=places[1])
    copies = [two_copies(alice) for _ in range(4)]
    bob.hears(*(other for _, other in copies[:3]))
    carol.hears(copies[1][1], copies[2][1])
    for newcomer in (bob, carol):
        alice.hears(ahead(newcomer.joined, tale.clock))
    alice.hears(*(first for first, _ in copies[:3]))
    carol.hears(copies[3][1])
    bob.hears(copies[3][1])
    alice.hears(copies[3][0])

    assert [one for one in tale.findings() if one.kind is Kind.WRONG_TIME] == []
