"""Each fault is told once, by its rule: root causes first, consequences marked."""

import pytest

from roomproof.history import Closed, Event, Opening, Received, Sent
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.root_cause import Cause, Expectation, Proof, attribute, is_explained
from roomproof.spec.messages import message

ALICE, BOB = 1, 2


def lost(text: str = "soup", *, receiver: int = BOB, rule: str = "DELIVER-1", hole: bool = False) -> Finding:
    sent = Sent(ALICE, 5, text=message(text))
    return Finding(Kind.LOST, rule, receiver, text, stream=ALICE, item=1, hole=hole, witness=(sent,))


def missing(rule: str, *, stream: int = BOB, receiver: int = ALICE, user: str = "bob") -> Finding:
    opening = Opening(stream, 1, "chat-1", user)
    item = 0 if rule.startswith("JOIN") else 3
    return Finding(Kind.MISSING_NOTICE, rule, receiver, rule, stream=stream, item=item, witness=(opening,))


def of_bob(kind: Kind, rule: str, *witness: Event) -> Finding:
    return Finding(kind, rule, BOB, rule, witness=witness)


NEVER_JOINED = of_bob(Kind.NEVER_JOINED, "JOIN-2")
UNANSWERED = of_bob(Kind.UNANSWERED_CLOSE, "CLOSE-2")
DROPPED = of_bob(Kind.DROPPED, "CLOSE-1", Closed(BOB, 9, 1011))


def undelivered(rule: str | None = None, content: str | None = "soup") -> Expectation:
    return Expectation(Proof.UNDELIVERED, rule, BOB, ALICE if content else None, content)


def seen(rule: str, connection: int | None = None) -> Expectation:
    return Expectation(Proof.SEEN, rule, connection)


def told(failed: Expectation | None, *findings: Finding) -> list[tuple[str, str | None]]:
    """The rules of all faults, each with the rule from which it follows."""
    return [(cause.rule, cause.root) for cause in attribute(failed, findings)]


def test_each_finding_is_a_fault_of_its_own() -> None:
    assert attribute(None, [lost(), DROPPED]) == [Cause("DELIVER-1", lost()), Cause("CLOSE-1", DROPPED)]


def test_what_a_scenario_saw_is_a_fault() -> None:
    assert told(seen("CREATE-6")) == [("CREATE-6", None)]


# Something did not arrive


def test_an_undelivered_message_adds_no_rule_to_the_finding() -> None:
    assert told(undelivered(), lost()) == [("DELIVER-1", None)]


def test_an_undelivered_message_without_a_finding_breaks_nothing() -> None:
    assert told(undelivered("JOIN-3")) == []
    assert not is_explained([])
    assert not is_explained([of_bob(Kind.WRONG_TIME, "DELIVER-8")])


def test_the_rule_of_the_circumstances_names_the_loss() -> None:
    assert told(undelivered("JOIN-3"), lost()) == [("JOIN-3", None), ("JOIN-3", None)]


def test_the_loss_of_another_message_is_another_fault() -> None:
    assert told(undelivered("JOIN-3"), lost("pudding", hole=True)) == [("DELIVER-1", None)]


def test_the_circumstances_do_not_matter_to_a_lost_echo() -> None:
    echo = Expectation(Proof.UNDELIVERED, "DELIVER-13", ALICE, ALICE, "soup")

    assert told(echo, lost(receiver=ALICE, rule="DELIVER-2")) == [("DELIVER-2", None)]


def test_the_form_of_an_echoed_message_is_not_to_blame() -> None:
    echo = lost(receiver=ALICE)

    assert told(undelivered("DELIVER-13"), lost()) == [("DELIVER-1", None)]
    assert told(undelivered("DELIVER-13"), lost(), echo)[0] == ("DELIVER-13", None)


def test_what_is_stuck_with_a_message_follows() -> None:
    """A slow reader stalls the room: nobody receives anything more of alice."""
    stuck = lost("more soup"), lost(receiver=ALICE, rule="DELIVER-2")

    assert told(undelivered("CLOSE-4"), *stuck, lost()) == [
        ("CLOSE-4", None),
        ("CLOSE-4", None),
        ("DELIVER-1", "CLOSE-4"),
        ("DELIVER-2", "CLOSE-4"),
    ]


def test_a_proven_hole_never_follows_from_a_stall() -> None:
    assert ("DELIVER-1", None) in told(undelivered("CLOSE-4"), lost(), lost("pudding", hole=True))


def test_closing_another_device_is_the_fault_of_leaving() -> None:
    assert told(undelivered("LEAVE-4"), DROPPED) == [("LEAVE-4", None), ("LEAVE-4", None)]


def test_closing_a_listener_is_no_lost_message() -> None:
    assert told(undelivered("JOIN-3"), DROPPED) == [("CLOSE-1", None)]


# An assertion without a rule


def test_a_finding_tells_more_than_an_assertion_without_a_rule() -> None:
    assert told(Expectation(Proof.UNNAMED, "DELIVER-16"), lost()) == [("DELIVER-1", None)]


@pytest.mark.parametrize("kind", [Kind.WRONG_TIME, Kind.UNPROVOKED_ERROR, Kind.UNANSWERED_CLOSE])
def test_a_finding_of_another_kind_explains_no_assertion(kind: Kind) -> None:
    causes = told(Expectation(Proof.UNNAMED, "CREATE-6"), of_bob(kind, "DELIVER-8"))

    assert causes == [("CREATE-6", None), ("DELIVER-8", None)]


def test_what_is_missing_follows_where_parts_are_broken() -> None:
    failed = Expectation(Proof.UNNAMED, "STICKY-8", breaks_parts=True)

    assert told(failed, lost(), lost(hole=True), DROPPED) == [
        ("STICKY-8", None),
        ("DELIVER-1", None),
        ("DELIVER-1", "STICKY-8"),
        ("CLOSE-1", "STICKY-8"),
    ]


def test_what_passes_twice_between_instances_is_their_fault_too() -> None:
    doubled = of_bob(Kind.DUPLICATED, "DELIVER-3")

    assert told(Expectation(Proof.UNNAMED, "PUBSUB-3"), doubled) == [("PUBSUB-3", None), ("DELIVER-3", None)]


def test_wrong_form_of_pongs_is_one_fault() -> None:
    assert told(seen("FRAME-7"), of_bob(Kind.MALFORMED, "DELIVER-7")) == [("FRAME-7", None), ("DELIVER-7", "FRAME-7")]


def test_a_frame_taken_for_a_message_gets_no_error() -> None:
    phantom = of_bob(Kind.PHANTOM, "FRAME-1")

    assert told(seen("FRAME-4"), phantom) == [("FRAME-1", None), ("FRAME-4", "FRAME-1")]


# What follows from findings


def test_what_a_stranger_to_the_room_lacks_follows() -> None:
    findings = missing("JOIN-1"), NEVER_JOINED, lost()

    assert told(None, *findings) == [("JOIN-2", None), ("JOIN-1", "JOIN-2"), ("DELIVER-1", "JOIN-2")]


def test_the_loss_of_somebody_elses_message_does_not_follow() -> None:
    carols = missing("JOIN-1", stream=3, user="carol")

    assert told(None, carols, NEVER_JOINED) == [("JOIN-1", None), ("JOIN-2", None)]


def test_the_leave_after_an_unanswered_close_follows() -> None:
    assert told(None, missing("LEAVE-1"), UNANSWERED) == [("CLOSE-2", None), ("LEAVE-1", "CLOSE-2")]
    assert told(seen("CLOSE-2", BOB), missing("LEAVE-1")) == [("CLOSE-2", None), ("LEAVE-1", "CLOSE-2")]
    assert told(seen("CLOSE-2", ALICE), missing("LEAVE-1")) == [("CLOSE-2", None), ("LEAVE-1", None)]


@pytest.mark.parametrize("root", [missing("LEAVE-2"), UNANSWERED, NEVER_JOINED])
def test_wrong_statistics_follow_from_a_missed_join_or_end(root: Finding) -> None:
    assert told(seen("STATS-2"), root) == [(root.rule, None), ("STATS-2", root.rule)]


def test_wrong_statistics_are_a_fault_of_their_own_otherwise() -> None:
    assert told(seen("STATS-2"), missing("JOIN-1"), lost())[0] == ("STATS-2", None)
    assert told(seen("STATS-5"), UNANSWERED)[0] == ("STATS-5", None)


def test_an_item_in_a_malformed_frame_is_missing_for_that() -> None:
    frame = Received(BOB, 7, text='{"type":"message","text":"soup","sender_id":"alice"}')
    malformed = of_bob(Kind.MALFORMED, "DELIVER-7", frame)

    assert told(None, lost(), malformed, lost("pudding")) == [
        ("DELIVER-7", None),
        ("DELIVER-1", None),
        ("DELIVER-1", "DELIVER-7"),
    ]


def test_a_notice_in_a_malformed_frame_is_missing_for_that() -> None:
    frame = Received(BOB, 7, text='{"type":"system","content":"carol joined the chat"}')
    malformed = of_bob(Kind.MALFORMED, "DELIVER-7", frame)
    notice = missing("JOIN-1", stream=3, receiver=BOB, user="carol")

    assert told(None, notice, malformed) == [("DELIVER-7", None), ("JOIN-1", "DELIVER-7")]


@pytest.mark.parametrize("frame", [b"\xff", b"[1]", b"soup"])
def test_a_frame_that_is_no_object_carries_nothing(frame: bytes) -> None:
    malformed = of_bob(Kind.MALFORMED, "DELIVER-7", Received(BOB, 7, binary=frame))

    assert told(None, lost(), malformed) == [("DELIVER-1", None), ("DELIVER-7", None)]


# What follows from what the scenario saw


def test_the_end_of_a_connection_that_should_be_refused_follows() -> None:
    assert told(seen("REFUSE-1", BOB), DROPPED) == [("REFUSE-1", None), ("CLOSE-1", "REFUSE-1")]


def test_the_end_of_another_connection_does_not_follow() -> None:
    assert told(seen("REFUSE-1", ALICE), DROPPED) == [("REFUSE-1", None), ("CLOSE-1", None)]


def test_an_error_on_another_device_is_one_fault() -> None:
    error = of_bob(Kind.UNPROVOKED_ERROR, "FRAME-5")

    assert told(seen("FRAME-2"), error) == [("FRAME-2", None), ("FRAME-5", "FRAME-2")]
