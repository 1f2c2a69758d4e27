"""A failure text explains why a scenario failed."""

from roomproof.history import Event, Opened, Opening, Received, Sent, Started
from roomproof.judge.findings import Finding, Kind
from roomproof.report.failure_text import OBSERVATION_CHARACTERS, SHOWN_OBSERVATIONS, failure_text, finding_line
from roomproof.spec.rules import read_protocol

S = 1_000_000_000

SENT = Sent(1, 3 * S, text="soup")
EVENTS: list[Event] = [
    Started(),
    Opening(1, 1 * S, "chat-1", "alice"),
    Opened(1, 2 * S),
    SENT,
    Received(1, 4 * S, text="soup"),
    Received(1, 5 * S, text="soup"),
]
FINDING = Finding(Kind.DUPLICATED, rule="DELIVER-3", receiver=1, text="message 1 again", witness=(SENT, EVENTS[-1]))


def sections(text: str) -> list[list[str]]:
    return [section.splitlines() for section in text.split("\n\n")]


def test_it_shows_rule_witnesses_timeline_and_command() -> None:
    rule, witnesses, events, command = sections(
        failure_text({"DELIVER-3": ["seen twice"]}, [FINDING], EVENTS, "roomproof verify x")
    )

    assert (rule[0], rule[2:]) == ("DELIVER-3 (MUST) is broken. The rule:", ["What was seen:", "    seen twice"])
    assert witnesses[1:] == ["   2.0000  alice  > soup", "   4.0000  alice  < soup"]
    assert (events[1], len(events)) == ("   0.0000  alice  connects to chat-1", 6)
    assert command == ["Run just this scenario again:", "    roomproof verify x"]


def test_each_broken_rule_is_shown_with_its_level() -> None:
    text = failure_text({"DELIVER-3": ["a"], "FRAME-4": ["b"]}, [], EVENTS, "again")

    assert "DELIVER-3 (MUST) is broken" in text
    assert "FRAME-4 (SHOULD) is broken" in text
    assert set(read_protocol().rules) >= {"DELIVER-3", "FRAME-4"}


def test_many_observations_are_cut() -> None:
    seen = [f"observation {number}" for number in range(SHOWN_OBSERVATIONS + 3)]

    (rule, *_) = sections(failure_text({"DELIVER-3": seen}, [], EVENTS, "again"))

    assert rule[-2:] == [f"    {seen[SHOWN_OBSERVATIONS - 1]}", "    ... and 3 more"]


def test_a_long_observation_loses_its_middle() -> None:
    (rule, *_) = sections(failure_text({"DELIVER-3": ["a" * 24_000 + "end"]}, [], EVENTS, "again"))

    assert len(rule[-1]) < OBSERVATION_CHARACTERS + 60
    assert " ... 23,403 characters left out ... " in rule[-1]
    assert rule[-1].endswith("aend")


def test_a_failed_request_is_shown_as_a_command() -> None:
    text = failure_text({"CREATE-1": ["a"]}, [], EVENTS, "again", request_again="curl -i http://h")

    assert sections(text)[-2] == ["Send the request again:", "    curl -i http://h"]


def test_without_events_it_says_that_nothing_was_recorded() -> None:
    assert "    nothing was recorded" in failure_text({"DELIVER-3": ["a"]}, [], [], "again")


def test_a_finding_names_its_receiver() -> None:
    assert finding_line(FINDING, EVENTS) == "duplicated, at alice: message 1 again"
    assert finding_line(FINDING, []) == "duplicated, at #1: message 1 again"
