"""The smallest part of a history shows the same fault, and invents none."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.history import Closed, Closing, Deadline, Event, FaultWindow, Opened, Opening, Received, Sent, Started
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.judge import judge
from roomproof.report.smallest import ddmin, identity, smallest
from tests.unit.judge.anomalies import FAULTS
from tests.unit.judge.feed import in_turn
from tests.unit.judge.shape import Shape
from tests.unit.judge.simulation import shapes, simulated, worlds_with
from tests.unit.judge.tale import Tale

CROWD = ["alice", "bob", *(f"guest-{number}" for number in range(8))]


def crowded_tale(faults: int = 1) -> Tale:
    """Tell of ten people who say thirty things; some messages never reach bob."""
    tale = Tale()
    people = tale.meet(*CROWD)
    for number in range(30):
        said = people[number % len(people)].says(f"word {number}")
        missing = people[1] if number % 10 == 0 and number // 10 < faults else None
        for one in people:
            if one is not missing:
                one.hears(said)
    tale.time_is_over()
    return tale


def only_finding(events: Sequence[Event]) -> Finding:
    (finding,) = judge(events)
    return finding


def test_a_lost_message_takes_two_people_and_one_message() -> None:
    events = crowded_tale().events

    part = smallest(events, only_finding(events)).events

    openings = [event.user for event in part if isinstance(event, Opening)]
    sent = [json.loads(event.text or "")["content"] for event in part if isinstance(event, Sent)]
    assert openings == ["alice", "bob"]
    assert [content.split(" ", 1)[1] for content in sent] == ["word 0"]
    assert len(part) < 20 < len(events)


def test_the_part_shows_the_same_fault_and_no_other() -> None:
    events = crowded_tale(faults=3).events
    first = judge(events)[0]

    result = smallest(events, first)

    (found,) = judge(result.events)
    assert (found.kind, found.rule, found.receiver, found.witness[0]) == (
        first.kind,
        first.rule,
        first.receiver,
        first.witness[0],
    )
    assert result.finding == found
    assert result.is_minimal


def test_the_part_has_the_events_in_their_order() -> None:
    events = crowded_tale().events

    part = smallest(events, only_finding(events)).events

    places = [events.index(event) for event in part]
    assert places == sorted(places)


def test_the_same_history_gives_the_same_part() -> None:
    events = crowded_tale().events

    assert smallest(events, only_finding(events)) == smallest(list(events), only_finding(events))


def test_no_event_of_the_part_can_go() -> None:
    events = crowded_tale().events
    finding = only_finding(events)
    part = smallest(events, finding).events

    for left_out in part:
        if isinstance(left_out, Started | Deadline | Opening | Opened):
            continue
        rest = [event for event in part if event is not left_out]
        assert [(one.kind, one.receiver) for one in judge(rest)] != [(finding.kind, finding.receiver)]


def test_a_receipt_is_never_removed_to_make_a_loss() -> None:
    tale = Tale()
    alice, bob, carol = tale.meet("alice", "bob", "carol")
    soup, tea = alice.says("soup"), alice.says("tea")
    for one in (alice, bob):
        one.hears(soup)
        one.hears(tea)
    carol.hears(tea)
    tale.time_is_over()

    part = smallest(tale.events, only_finding(tale.events)).events

    assert [event.user for event in part if isinstance(event, Opening)] == ["alice", "carol"]
    assert {finding.receiver for finding in judge(part)} == {carol.number}


def test_faults_that_matter_not_are_removed() -> None:
    tale = crowded_tale()
    tale.events.insert(1, FaultWindow(1, 2, 3, "the bus is cut"))

    part = smallest(tale.events, only_finding(tale.events)).events

    assert not [event for event in part if isinstance(event, FaultWindow)]


def test_a_spent_budget_gives_a_part_that_is_not_minimal() -> None:
    events = crowded_tale().events
    finding = only_finding(events)

    results = [smallest(events, finding, most) for most in (0, 500, 1_000_000)]

    assert [result.is_minimal for result in results] == [False, False, True]
    assert results[0].events == events
    for result in results:
        assert [(one.kind, one.receiver) for one in judge(result.events)] == [(Kind.LOST, finding.receiver)]


@pytest.mark.parametrize("ending", [Closing(1, 90_000_000_000, 1000), Closed(1, 90_000_000_000, 1000)])
def test_what_follows_the_deadline_is_left_out(ending: Event) -> None:
    events = [*crowded_tale().events, ending]

    assert ending not in smallest(events, judge(events)[0]).events


def test_an_altered_message_keeps_what_was_sent() -> None:
    tale = Tale()
    alice, bob = tale.meet("alice", "bob")
    for number in range(5):
        tale.all_hear(alice.says(f"word {number}"))
    said = alice.says("soup")
    alice.hears(said)
    frame = said.frame | {"content": "soap", "timestamp": said.frame["timestamp"]}
    tale.events.append(Received(bob.number, tale.tick(), text=json.dumps(frame)))
    tale.time_is_over()
    finding = judge(tale.events)[0]

    part = smallest(tale.events, finding).events

    assert sum(isinstance(event, Sent) for event in part) <= 1
    assert any("soap" in (event.text or "") for event in part if isinstance(event, Received))


@given(needed=st.sets(st.integers(0, 40), max_size=6), count=st.integers(1, 41))
def test_delta_debugging_finds_exactly_what_is_needed(needed: set[int], count: int) -> None:
    wanted = {one for one in needed if one < count}

    assert ddmin(range(count), lambda some: wanted <= set(some)) == sorted(wanted)


@pytest.mark.parametrize("fault", FAULTS)
@settings(simulated, max_examples=4)
@given(shape=shapes(history=st.booleans(), names_instances=st.booleans()))
def test_in_any_world_the_part_has_only_faults_of_the_whole(fault: str, shape: Shape) -> None:
    for events, anomaly in islice(worlds_with(fault, replace(shape, talk=shape.talk + 20)), 1):
        history = in_turn(anomaly.applied_to(events))
        for finding in judge(history)[:1]:
            part = smallest(history, finding, 20_000)

            assert {identity(one) for one in judge(part.events)} <= {identity(one) for one in judge(history)}
            assert identity(part.finding) == identity(finding)
            assert part.events == [event for event in history if any(event is kept for kept in part.events)]
