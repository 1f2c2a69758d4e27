"""Messages that are lost or doubled, and histories that only look so."""

from roomproof.judge.findings import Kind
from tests.unit.judge.tale import Tale, finding


def test_what_everyone_hears_is_in_order() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"), bob.says("me"), alice.says("there is more"))

    assert tale.findings() == []


def test_a_message_that_one_member_never_hears_is_lost() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    alice.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_what_is_said_after_the_deadline_is_not_due() -> None:
    tale = Tale()
    alice, _bob = tale.meet("alice", "bob")
    tale.time_is_over()
    alice.says("too late")

    assert tale.findings() == []


def test_an_echo_that_never_comes_is_lost() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-2", alice, soup)]


def test_the_echo_of_the_last_words_is_not_due_to_one_who_closes() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    bob.hears(soup, alice.leaves())

    assert tale.findings() == []


def test_last_words_before_a_clean_close_are_due() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"))
    bye = alice.says("bye")
    bob.hears(alice.leaves())

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-11", bob, bye)]


def test_a_server_that_gives_a_member_up_need_not_have_read_its_last_words() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    alice.says("bye")
    alice.begins_to_close()
    alice.is_closed(1001)
    bob.hears(alice.left)

    assert tale.findings() == []


def test_last_words_of_one_who_dies_may_be_lost_for_everyone() -> None:
    tale = Tale()
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    tale.all_hear(alice.says("soup"))
    alice.says("help")
    left = alice.dies()
    bob.hears(left)
    carol.hears(left)

    assert tale.findings() == []


def test_last_words_of_one_who_dies_that_reached_one_are_due_to_all() -> None:
    tale = Tale()
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    help_ = alice.says("help")
    left = alice.dies()
    bob.hears(help_, left)
    carol.hears(left)

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-12", carol, help_)]


def test_one_who_does_not_read_cannot_know_whether_the_server_still_listens() -> None:
    tale = Tale()
    slow, bob = tale.meet("slow", "bob")
    slow.stops_reading()
    slow.says("hello?")
    bob.hears(slow.left)

    assert tale.findings() == []


def test_a_leaver_is_not_owed_what_comes_after_the_last_item_that_it_got() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"))
    alice.hears(alice.says("more soup"))
    alice.hears(bob.leaves())

    assert tale.findings() == []


def test_what_a_leaver_does_receive_has_no_hole() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup, bread = alice.says("soup"), alice.says("bread")
    alice.hears(soup, bread)
    bob.hears(bread)
    alice.hears(bob.leaves())

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_a_member_that_does_not_read_is_owed_nothing_yet() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    bob.stops_reading()
    alice.hears(alice.says("soup"))

    assert tale.findings() == []


def test_a_member_that_reads_again_is_owed_everything() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    bob.stops_reading()
    soup = alice.says("soup")
    alice.hears(soup)
    bob.reads_again()

    assert tale.findings() == [finding(Kind.LOST, "DELIVER-1", bob, soup)]


def test_two_people_may_say_the_same() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("yes"), bob.says("yes"))

    assert tale.findings() == []


def test_a_second_copy_is_a_duplicate() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup = alice.says("soup")
    tale.all_hear(soup)
    bob.hears(soup)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, soup)]


def test_the_same_said_twice_is_heard_twice() -> None:
    tale = Tale()
    alice, _bob = tale.meet("alice", "bob")
    tale.all_hear(alice.says("soup"), alice.says("soup"))

    assert tale.findings() == []


def test_the_same_said_twice_and_heard_three_times_is_a_duplicate() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    soup, again = alice.says("soup"), alice.says("soup")
    tale.all_hear(soup, again)
    bob.hears(again)

    assert tale.findings() == [finding(Kind.DUPLICATED, "DELIVER-3", bob, again)]


def test_whoever_comes_between_equal_messages_hears_the_last_ones() -> None:
    tale = Tale()
    (alice,) = tale.meet("alice")
    first, second = alice.says("soup"), alice.says("soup")
    bob = tale.joins("bob")
    third = alice.says("soup")
    alice.hears(first, bob.joined, second, third)
    bob.hears(second, third)

    assert tale.findings() == []
