"""Items out of order, replayed or leaked, and histories that only look so."""

import pytest

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding


def test_an_item_after_a_later_one_of_its_stream_is_reordered(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread, soup)

    assert tale.findings() == [finding(Kind.REORDERED, "ORDER-1", bob, soup)]


def test_different_speakers_may_be_heard_in_different_orders(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), bob.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread, soup)

    assert tale.findings() == []


def test_different_orders_break_a_declared_total_order(tale: Tale) -> None:
    tale.declares("total-order")
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), bob.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread, soup)

    assert tale.findings() == [finding(Kind.REORDERED, "ORDER-2", bob)]


def test_parts_of_one_order_are_in_order(tale: Tale) -> None:
    tale.declares("total-order")
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    tale.all_hear(alice.says("soup"), bob.says("bread"), carol.says("cheese"))
    gone = carol.leaves()
    tale.all_hear(bob.says("wine"), gone)

    assert tale.findings() == []


def test_three_orders_of_which_any_two_agree_can_contradict(tale: Tale) -> None:
    tale.declares("total-order")
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread, cheese = alice.says("soup"), bob.says("bread"), carol.says("cheese")
    alice.begins_to_close()
    bob.begins_to_close()
    carol.begins_to_close()
    alice.hears(soup, bread)
    bob.hears(bread, cheese)
    carol.hears(cheese, soup)

    assert tale.findings() == [finding(Kind.REORDERED, "ORDER-2", carol)]


def test_what_was_heard_before_one_came_is_replayed_to_it(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob")
    bob.hears(soup)
    tale.all_hear(bob.joined, alice.says("cheese"))

    assert tale.findings() == [finding(Kind.REPLAYED, "DELIVER-10", bob, soup)]


def test_the_last_item_before_one_came_may_be_on_its_way(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob")
    bob.hears(bread)
    tale.all_hear(bob.joined)

    assert tale.findings() == []


def test_a_replay_in_the_middle_is_no_second_finding(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob = tale.joins("bob")
    tale.all_hear(bob.joined, alice.says("cheese"))
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.REPLAYED, "DELIVER-10", bob, soup)]


def test_a_server_with_history_may_repeat_what_it_likes(tale: Tale) -> None:
    tale.declares("history")
    (alice,) = tale.meet("alice")
    soup, bread, cheese = alice.says("soup"), alice.says("bread"), alice.says("cheese")
    alice.hears(soup, bread, cheese)
    tale.passes(3600)
    bob = tale.joins("bob")
    bob.hears(soup, timestamp="2025-12-23T22:12:57")
    bob.hears(cheese, timestamp="2025-12-23T22:12:58")
    alice.hears(bob.joined)

    assert tale.findings() == []


@pytest.mark.parametrize("member", [True, False], ids=["once it is a member", "before it is known to be a member"])
def test_a_server_with_history_says_nothing_twice(tale: Tale, member: bool) -> None:
    tale.declares("history")
    (alice,) = tale.meet("alice")
    soup = alice.says("soup")
    alice.hears(soup)
    bob = tale.joins("bob")
    if member:
        tale.all_hear(bob.joined)
    bob.hears(soup, soup)
    alice.hears(*[] if member else [bob.joined])

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


def test_what_was_said_in_another_room_leaks(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob", "garage")
    soup = alice.says("soup")
    alice.hears(soup)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LEAKED, "DELIVER-4", bob, soup)]


@one_judge(OfflineOnly.SHARED_USER)
def test_a_notice_of_another_room_leaks_beside_its_namesake(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    tale.all_hear(tale.joins("bob").joined)
    away = tale.joins("bob", "garage")
    alice.hears(away.joined)

    assert tale.findings() == [finding(Kind.LEAKED, "DELIVER-4", alice, of=away)]


@one_judge(OfflineOnly.OWN_WORDS)
def test_the_same_words_in_two_rooms_are_no_leak(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob", "garage")
    tale.all_hear(alice.says_just("yes"), bob.says_just("yes"))

    assert tale.findings() == []


def test_a_late_comer_hears_on_from_where_it_came(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bread, soup = alice.says("bread"), alice.says("soup")
    alice.hears(bread, soup)
    bob = tale.joins("bob")
    bob.hears(soup, bob.joined)
    alice.hears(bob.joined)

    assert tale.findings() == []


def test_what_comes_late_shows_that_a_membership_began_early(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    one, two, three = alice.says("soup"), alice.says("bread"), alice.says("cheese")
    bob = tale.joins("bob")
    alice.hears(one, two, three, bob.joined)
    bob.hears(three, one)

    late, lost = finding(Kind.REORDERED, "ORDER-1", bob, one), finding(Kind.LOST, "DELIVER-1", bob, two)
    assert sorted(tale.findings()) == sorted([late, lost])
