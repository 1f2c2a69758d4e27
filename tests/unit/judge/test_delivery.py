"""Messages that are lost or doubled, and histories that only look so."""

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding


def test_what_everyone_hears_is_in_order(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"), bob.says("me"), alice.says("there is more"))

    assert tale.findings() == []


def test_a_message_that_one_member_never_hears_is_lost(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


@one_judge(OfflineOnly.AFTER_DEADLINE)
def test_what_is_said_after_the_deadline_is_not_due(tale: Tale) -> None:
    alice, _bob = tale.meet("alice", "bob")
    tale.time_is_over()
    alice.says("too late")

    assert tale.findings() == []


def test_an_echo_that_never_comes_is_lost(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-2", alice, soup)]


def test_the_echo_of_last_words_is_not_due_to_one_who_closes(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    bob.hears(soup, alice.leaves())

    assert tale.findings() == []


def test_last_words_before_a_clean_close_are_due(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"))
    bye = alice.says("bye")
    bob.hears(alice.leaves())

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-11", bob, bye)]


def test_last_words_that_one_receiver_got_are_an_ordinary_loss(tale: Tale) -> None:
    """Of one lost message, all receivers tell by one rule."""
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    tale.all_hear(alice.says("soup"))
    bye = alice.says("bye")
    left = alice.leaves()
    bob.hears(bye, left)
    carol.hears(left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", carol, bye)]


def test_last_words_are_lost_by_one_rule_for_all_receivers(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bye = alice.says("soup"), alice.says("bye")
    bob.hears(soup)
    carol = tale.joins("carol")
    bob.hears(carol.joined)
    later = alice.says("see you")
    left = alice.leaves()
    bob.hears(left)
    carol.hears(left)

    assert tale.findings() == [
        finding(Kind.LOST, "DELIVER-11", bob, bye),
        finding(Kind.LOST, "DELIVER-11", bob, later),
        finding(Kind.LOST, "DELIVER-11", carol, later),
    ]


def test_an_echo_that_others_miss_too_is_an_ordinary_loss(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread = alice.says("soup"), alice.says("bread")
    tale.all_hear(bread)
    carol.hears(soup)

    losses = [one for one in tale.findings() if one.kind is Kind.LOST]
    assert losses == [finding(Kind.LOST, "DELIVER-1", one, soup) for one in (alice, bob)]


def test_the_echo_of_one_who_closes_is_judged_with_the_others(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    tale.all_hear(bread)
    bob.hears(alice.leaves())

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", one, soup) for one in (alice, bob)]


def test_a_hole_long_before_a_link_ends_is_an_ordinary_loss(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread)
    carol.hears(soup, bread)
    left = alice.dies()
    bob.hears(left)
    carol.hears(left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_a_hole_at_one_who_left_sets_the_rule_for_all(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread)
    left_by_bob = bob.leaves()
    alice.hears(left_by_bob)
    carol.hears(left_by_bob)
    carol.hears(alice.dies())

    assert tale.findings() == [
        finding(Kind.LOST, "DELIVER-1", bob, soup),
        finding(Kind.LOST, "DELIVER-1", carol, soup),
        finding(Kind.LOST, "DELIVER-12", carol, bread),
    ]


def test_last_words_to_a_server_that_closes_may_be_lost(tale: Tale) -> None:
    """A server that gives a member up need not have read them."""
    alice, bob = tale.meet("alice", "bob")
    alice.says("bye")
    alice.begins_to_close()
    alice.is_closed(1001)
    bob.hears(alice.left)

    assert tale.findings() == []


def test_last_words_of_one_who_dies_may_be_lost_for_everyone(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    tale.all_hear(alice.says("soup"))
    alice.says("help")
    left = alice.dies()
    bob.hears(left)
    carol.hears(left)

    assert tale.findings() == []


def test_last_words_of_the_dead_that_reached_one_are_due_to_all(tale: Tale) -> None:
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    help_ = alice.says("help")
    left = alice.dies()
    bob.hears(help_, left)
    carol.hears(left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-12", carol, help_)]


def test_words_of_one_who_does_not_read_may_be_lost(tale: Tale) -> None:
    """It cannot know whether the server still listens."""
    slow, bob = tale.meet("slow", "bob")
    slow.stops_reading()
    slow.says("hello?")
    bob.hears(slow.left)

    assert tale.findings() == []


def test_a_leaver_is_owed_nothing_after_the_last_item_it_got(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"))
    alice.hears(alice.says("more soup"))
    alice.hears(bob.leaves())

    assert tale.findings() == []


def test_what_a_leaver_does_receive_has_no_hole(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread)
    alice.hears(bob.leaves())

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_a_member_that_does_not_read_is_owed_nothing_yet(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.stops_reading()
    alice.hears(alice.says("soup"))

    assert tale.findings() == []


def test_a_member_that_reads_again_is_owed_everything(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    bob.stops_reading()
    soup = alice.says("soup")
    alice.hears(soup)
    bob.reads_again()

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


@one_judge(OfflineOnly.OWN_WORDS)
def test_two_people_may_say_the_same(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says_just("yes"), bob.says_just("yes"))

    assert tale.findings() == []


def test_a_second_copy_is_a_duplicate(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    tale.all_hear(soup)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


@one_judge(OfflineOnly.OWN_WORDS)
def test_the_same_said_twice_is_heard_twice(tale: Tale) -> None:
    alice, _bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says_just("soup"), alice.says_just("soup"))

    assert tale.findings() == []


@one_judge(OfflineOnly.OWN_WORDS)
def test_the_same_said_twice_and_heard_thrice_is_a_duplicate(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    soup, again = alice.says_just("soup"), alice.says_just("soup")
    tale.all_hear(soup, again)
    bob.hears(again)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, again)]


@one_judge(OfflineOnly.OWN_WORDS)
def test_a_newcomer_between_equal_messages_hears_the_last_ones(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    first, second = alice.says_just("soup"), alice.says_just("soup")
    bob = tale.joins("bob")
    third = alice.says_just("soup")
    alice.hears(first, bob.joined, second, third)
    bob.hears(second, third)

    assert tale.findings() == []
