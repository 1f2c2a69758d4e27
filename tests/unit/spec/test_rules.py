"""PROTOCOL.md is read as it is written."""

import re
from pathlib import Path

import pytest

from roomproof.spec import limits, messages
from roomproof.spec.rules import Capability, Level, ProtocolError, load, parse

HEAD = "Version: 1.0\n\n"


def test_a_rule_has_an_id_a_level_and_a_text() -> None:
    rule = parse(HEAD + "### REFUSE-1 · MUST\nAn unknown room\nis refused.\n").rules["REFUSE-1"]

    assert (rule.level, rule.capability, rule.text) == (Level.MUST, None, "An unknown room is refused.")
    assert rule.family == "refuse"


def test_a_rule_may_need_a_capability() -> None:
    rule = parse(HEAD + "### CREATE-5 · SHOULD · capability `fetch`\nText.\n").rules["CREATE-5"]

    assert (rule.level, rule.capability) == (Level.SHOULD, Capability.FETCH)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param("### REFUSE-1 · MUST\nText.\n", "Version", id="without a version"),
        pytest.param(HEAD + "### REFUSE-1 MUST\nText.\n", "REFUSE-1 MUST", id="with a malformed heading"),
        pytest.param(HEAD + "### REFUSE-1 · SHALL\nText.\n", "SHALL", id="with an unknown level"),
        pytest.param(HEAD + "### A-1 · MUST · capability `flight`\nText.\n", "flight", id="with an unknown capability"),
        pytest.param(HEAD + "### A-1 · MUST\nx\n### A-1 · MUST\ny\n", "twice", id="with one id twice"),
    ],
)
def test_a_document_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint):
        parse(document)


def test_every_family_of_the_design_has_rules() -> None:
    families = {rule.family for rule in load().rules.values()}

    http, talk, topologies = {"create", "participants", "stats"}, {"deliver", "order", "frame"}, {"sticky", "pubsub"}
    assert families == http | {"refuse", "join", "leave", "close"} | talk | topologies


def test_every_capability_has_a_rule_or_changes_one() -> None:
    named = {rule.capability for rule in load().rules.values()} - {None}

    assert set(Capability) - named == {Capability.HISTORY}, "history only lifts a rule (DELIVER-10)"


def test_the_numbers_of_the_code_are_those_of_the_document() -> None:
    document = (Path(__file__).parents[3] / "PROTOCOL.md").read_text(encoding="utf-8")
    numbers = dict(re.findall(r"^\| ([^|]+) \| (\d+)[^|]* \|", document, flags=re.MULTILINE))

    assert int(numbers["clock skew"]) == limits.CLOCK_SKEW_S
    assert int(numbers["content that every server carries"]) == limits.CONTENT_CODE_POINTS
    assert int(numbers["frame that every server accepts"]) == limits.FRAME_BYTES
    assert int(numbers["user id that every server accepts"]) == limits.USER_ID_CODE_POINTS
    assert int(numbers["undelivered messages that every member may have"]) == limits.UNDELIVERED_MESSAGES - 1
    assert int(numbers["bad frames that every connection may send"]) == limits.BAD_FRAMES - 1


def test_what_the_document_shows_as_frames_is_read_as_such() -> None:
    document = (Path(__file__).parents[3] / "PROTOCOL.md").read_text(encoding="utf-8")
    exchange = re.findall(r"^\w+ +([<>]) (\{.*\})$", document, flags=re.MULTILINE)

    assert len(exchange) == 8
    for direction, frame in exchange:
        if direction == "<":
            assert isinstance(messages.read(frame), messages.Message | messages.Notice | messages.Error)
        else:
            assert isinstance(messages.read_sent(frame), messages.Valid)
