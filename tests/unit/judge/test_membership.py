"""Missing members, phantom notices, users with several connections, deleted rooms."""

from roomproof.judge.findings import Kind
from tests.unit.judge.judges import OfflineOnly
from tests.unit.judge.marks import one_judge
from tests.unit.judge.tale import Tale, finding


def test_one_without_echo_of_whom_nobody_hears_never_joined(tale: Tale) -> None:
    bob = tale.joins("bob")
    bob.says("hello?")

    assert tale.findings() == [finding(Kind.NEVER_JOINED, "JOIN-2", bob)]


def test_a_member_that_is_alone_and_silent_has_nothing_to_hear(tale: Tale) -> None:
    tale.joins("bob")

    assert tale.findings() == []


def test_a_notice_of_nobody_is_a_phantom(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob", "garage")
    alice.hears(bob.joined, chat_id="kitchen")

    assert tale.findings() == [finding(Kind.PHANTOM, "DELIVER-14", alice)]


def test_the_leave_of_somebody_who_is_still_here_is_a_phantom(tale: Tale) -> None:
    alice, bob = tale.meet("alice", "bob")
    alice.hears(bob.left)
    alice.hears(bob.leaves())

    assert tale.findings() == [finding(Kind.PHANTOM, "DELIVER-14", alice, of=bob)]


def test_a_leave_may_come_before_its_subject_knows(tale: Tale) -> None:
    """The server closes it."""
    alice, bob = tale.meet("alice", "bob")
    alice.hears(bob.left)
    bob.is_closed(1001)

    assert tale.findings() == []


def test_a_join_before_the_handshake_began_is_a_phantom(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.joins("bob")
    tale.clock = 0
    alice.hears(bob.joined)

    assert finding(Kind.PHANTOM, "DELIVER-14", alice, of=bob) in tale.findings()


def test_nothing_is_heard_of_a_connection_that_was_refused(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    tale.opens("eve").is_refused(403)
    mallory = tale.joins("mallory")
    mallory.says("let me in")
    mallory.is_closed(4004)

    assert (tale.findings(), alice.gone) == ([], False)


def test_a_notice_of_a_connection_that_was_refused_is_a_phantom(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    eve = tale.opens("eve")
    eve.is_refused(403)
    alice.hears(eve.joined)

    assert tale.findings() == [finding(Kind.PHANTOM, "REFUSE-4", alice, of=eve)]


def test_a_message_of_a_refused_connection_is_a_phantom(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    mallory = tale.joins("mallory")
    hello = mallory.says("let me in")
    mallory.is_closed(4004)
    alice.hears(hello)

    assert tale.findings() == [finding(Kind.PHANTOM, "REFUSE-4", alice, hello)]


@one_judge(OfflineOnly.SHARED_USER)
def test_a_handshake_without_an_answer_may_have_made_a_member(tale: Tale) -> None:
    (alice,) = tale.meet("alice")
    bob = tale.opens("bob")
    alice.hears(bob.joined)
    bob.is_refused(None)
    alice.hears(bob.left)
    again = tale.joins("bob")
    alice.hears(again.joined)

    assert tale.findings() == []


@one_judge(OfflineOnly.SHARED_USER)
def test_two_devices_of_a_user_join_and_leave_twice(tale: Tale) -> None:
    alice, phone = tale.meet("alice", "bob")
    laptop = tale.joins("bob")
    tale.all_hear(laptop.joined, phone.says("soup"), laptop.says("bread"))
    left = phone.leaves()
    alice.hears(left)
    laptop.hears(left)
    alice.hears(laptop.leaves())

    assert tale.findings() == []


@one_judge(OfflineOnly.SHARED_USER)
def test_a_third_join_of_two_devices_is_doubled(tale: Tale) -> None:
    alice, _phone = tale.meet("alice", "bob")
    laptop = tale.joins("bob")
    tale.all_hear(laptop.joined)
    alice.hears(laptop.joined)

    assert tale.findings() == [finding(Kind.DOUBLED_NOTICE, "JOIN-1", alice)]


@one_judge(OfflineOnly.SHARED_USER)
def test_a_join_of_the_second_device_can_be_missing(tale: Tale) -> None:
    alice = tale.joins("alice")
    alice.hears(alice.joined)
    phone, laptop = tale.joins("bob"), tale.joins("bob")
    phone.hears(phone.joined, laptop.joined)
    laptop.hears(laptop.joined)
    alice.hears(phone.joined)

    assert tale.findings() == [finding(Kind.MISSING_NOTICE, "JOIN-1", alice)]


@one_judge(OfflineOnly.SHARED_USER)
def test_a_leave_may_be_of_either_of_two_devices(tale: Tale) -> None:
    """One stays, silent and without reading."""
    alice, phone = tale.meet("alice", "bob")
    laptop = tale.joins("bob")
    tale.all_hear(laptop.joined)
    laptop.stops_reading()
    alice.hears(laptop.left)
    alice.hears(phone.leaves())

    assert tale.findings() == []


@one_judge(OfflineOnly.SHARED_USER)
def test_one_notice_per_user_is_enough_where_that_is_declared(tale: Tale) -> None:
    tale.declares("presence-per-user")
    alice, phone = tale.meet("alice", "bob")
    laptop = tale.joins("bob")
    tale.all_hear(phone.says("soup"), laptop.says("bread"))
    phone.leaves()
    alice.hears(laptop.leaves())

    assert tale.findings() == []


def test_with_a_room_its_memberships_end_unannounced(tale: Tale) -> None:
    tale.declares("delete")
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    carol.leaves()
    tale.deletes()
    alice.says("is anybody here?")
    bob.is_closed(4004)

    assert tale.findings() == []
    assert not alice.gone
