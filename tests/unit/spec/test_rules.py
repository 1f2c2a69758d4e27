"""PROTOCOL.md is parsed strictly, and its rules have the form that it promises."""

import re

import pytest

from roomproof.spec import messages
from roomproof.spec.rules import Capability, Level, Need, ProtocolError, Rule, parse, read_protocol
from tests.unit.spec.document import TEXT

HEAD = "Version: 1.0\n\n"

RULES = [pytest.param(rule, id=rule.id) for rule in read_protocol().rules.values()]

SENTENCE_WORDS = 25
"""Maximum number of words in a sentence of a requirement."""

KEYWORD = re.compile(r"\b(?:MUST|SHOULD|MAY)\b")


def parsed(body: str) -> Rule:
    """Return the rule A-1 with this body."""
    return parse(f"{HEAD}### A-1 · MUST\n\n{body}").rules["A-1"]


def sentences(text: str) -> list[str]:
    """Split a text into its sentences. The code in it counts as one word."""
    return re.split(r"(?<=\.) (?=[A-Z`])", re.sub(r"`[^`]*`", lambda code: code[0].replace(" ", "_"), text))


def test_a_rule_has_an_id_a_level_and_a_requirement() -> None:
    rule = parse(HEAD + "### REFUSE-1 · MUST\n\n*Requirement.* An unknown room\nis refused.\n").rules["REFUSE-1"]

    assert rule == Rule("REFUSE-1", Level.MUST, None, "An unknown room is refused.")
    assert rule.family == "refuse"


def test_a_rule_may_need_a_capability() -> None:
    rule = parse(HEAD + "### CREATE-5 · SHOULD · capability `fetch`\n*Requirement.* Text.\n").rules["CREATE-5"]

    assert (rule.level, rule.capability) == (Level.SHOULD, Capability.FETCH)


def test_a_rule_may_need_what_other_services_lack() -> None:
    headings = (
        "### A-1 · MUST · needs notices\n*Requirement.* x\n### A-2 · MUST · capability `fetch` · needs rooms, echo\n"
    )
    rules = parse(f"{HEAD}{headings}*Requirement.* x\n").rules

    assert rules["A-1"].needs == {Need.NOTICES}
    assert (rules["A-2"].capability, rules["A-2"].needs) == (Capability.FETCH, frozenset({Need.ROOMS, Need.ECHO}))


def test_a_rule_applies_with_its_capability_and_needs() -> None:
    rule = Rule("A-1", Level.MUST, Capability.FETCH, "x", needs=frozenset({Need.ROOMS}))

    assert rule.applies([Capability.FETCH])
    assert rule.applies({Capability.FETCH: None}, {Need.NOTICES})
    assert not rule.applies([])
    assert not rule.applies([Capability.FETCH], {Need.ROOMS})


def test_every_rule_applies_to_a_server_that_has_everything() -> None:
    assert all(rule.applies(set(Capability)) for rule in read_protocol().rules.values())


def test_what_every_service_has_keeps_its_rules() -> None:
    """These rules bind whatever has rooms in which people send and receive."""
    always = [rule.id for rule in read_protocol().rules.values() if rule.applies([], set(Need))]

    numbers = (1, 3, 4, 5, 7, 10, 11, 12, 13, 14, 16)
    deliver = [f"DELIVER-{number}" for number in numbers]
    assert always == [
        *("JOIN-2", "JOIN-3", "JOIN-5", *deliver, "ORDER-1", "FRAME-8", "FRAME-9"),
        *("CLOSE-1", "CLOSE-2", "CLOSE-4", "CLOSE-5"),
    ]


def test_every_need_is_explained_and_is_one_of_some_rule() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \| .+ \|$", TEXT.partition("## Words")[0], flags=re.MULTILINE)

    assert listed == list(Need)
    assert {need for rule in read_protocol().rules.values() for need in rule.needs} == set(Need)


def test_a_rule_may_have_exceptions_and_a_note() -> None:
    rule = parsed("*Requirement.* Text.\n\n*Exceptions.*\n\n- One\n  of them.\n- Two.\n\n*Note.* Why.\n\nAnd how.\n")

    assert (rule.requirement, rule.exceptions, rule.note) == ("Text.", ("One of them.", "Two."), "Why. And how.")


def test_a_rule_ends_before_the_next_heading() -> None:
    rule = parsed("*Requirement.* One.\n\n## frame\n\nIntroduction.\n")

    assert rule == Rule("A-1", Level.MUST, None, "One.")


def test_other_headings_are_no_rules() -> None:
    assert parse(HEAD + "### User ids\n\nText.\n\n#### A1: Membership\n\nText.\n").rules == {}


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        pytest.param("### REFUSE-1 · MUST\n*Requirement.* x\n", "Version", id="without a version"),
        pytest.param(HEAD + "### REFUSE-1 MUST\n*Requirement.* x\n", "REFUSE-1 MUST", id="with a malformed heading"),
        pytest.param(HEAD + "### Refuse-1 · MUST\n*Requirement.* x\n", "Refuse-1", id="with a malformed id"),
        pytest.param(HEAD + "### REFUSE-1 · SHALL\n*Requirement.* x\n", "SHALL", id="with an unknown level"),
        pytest.param(
            HEAD + "### A-1 · MUST · capability `flight`\n*Requirement.* x\n", "flight", id="with an unknown capability"
        ),
        pytest.param(HEAD + "### A-1 · MUST · needs luck\n*Requirement.* x\n", "luck", id="with an unknown need"),
        pytest.param(
            HEAD + "### A-1 · MUST · needs echo, echo\n*Requirement.* x\n", "different", id="with a need twice"
        ),
        pytest.param(HEAD + "### A-1 · MUST · needs \n*Requirement.* x\n", "heading", id="with a need left out"),
        pytest.param(
            HEAD + "### A-1 · MUST · needs echo · capability `fetch`\n*Requirement.* x\n",
            "heading",
            id="with a late tag",
        ),
        pytest.param(HEAD + 2 * "### A-1 · MUST\n*Requirement.* x\n", "twice", id="with one id twice"),
    ],
)
def test_a_document_is_refused(document: str, complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint):
        parse(document)


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        pytest.param("", "no requirement", id="without anything"),
        pytest.param("*Note.* Why.\n", "no requirement", id="with a note only"),
        pytest.param("Text.\n", "to begin with .* got 'Text.'", id="with a bare text"),
        pytest.param("Text.\n\n*Requirement.* Text.\n", "to begin with", id="with a text before its parts"),
        pytest.param("*Requirement.*\n\n*Note.* Why.\n", "nothing below .Requirement", id="with an empty requirement"),
        pytest.param("*Requirement.* x\n\n*Note.*\n", "nothing below .Note", id="with an empty note"),
        pytest.param("*Requirement.* x\n\n*Exceptions.*\n", "nothing below .Exceptions", id="with an empty list"),
        pytest.param("*Requirement.* x\n\n*Example.* y\n", "Example", id="with an unknown part"),
        pytest.param("*Requirement.* x\n\n*Note*. y\n", r"\*Note\*\.", id="with a full stop outside of a name"),
        pytest.param("*Requirement.* x\n\n**Note.** y\n", r"\*\*Note", id="with a name in bold"),
        pytest.param("*Requirement.* x\n*Requirement.* y\n", "in this order", id="with a part twice"),
        pytest.param("*Note.* x\n\n*Requirement.* y\n", "in this order", id="with its parts in another order"),
        pytest.param("*Requirement.* x\n*Exceptions.* But y.\n", "flat list", id="with exceptions as a text"),
        pytest.param("*Requirement.* x\n*Exceptions.*\n- y\nand z\n", "flat list", id="with a text below its list"),
        pytest.param("*Requirement.* x\n*Exceptions.*\n- y\n  - z\n", "flat list", id="with a list in its list"),
        pytest.param("*Requirement.* x\n*Exceptions.*\n- y\n-\n", "empty exception", id="with an empty exception"),
        pytest.param("*Requirement.* x\n*Exceptions.*\n- \n- y\n", "empty exception", id="with a blank exception"),
    ],
)
def test_a_rule_is_refused(body: str, complaint: str) -> None:
    with pytest.raises(ProtocolError, match=complaint) as refusal:
        parsed(body)

    assert "A-1" in str(refusal.value)


def test_every_family_of_the_design_has_rules() -> None:
    families = {rule.family for rule in read_protocol().rules.values()}

    http, talk, topologies = {"create", "participants", "stats"}, {"deliver", "order", "frame"}, {"sticky", "pubsub"}
    assert families == http | {"refuse", "join", "leave", "close"} | talk | topologies


def test_every_capability_has_a_rule_or_changes_one() -> None:
    named = {rule.capability for rule in read_protocol().rules.values()} - {None}

    assert set(Capability) - named == {Capability.HISTORY}, "history only lifts a rule (DELIVER-10)"


@pytest.mark.parametrize("rule", RULES)
def test_a_requirement_uses_the_word_of_its_level(rule: Rule) -> None:
    assert KEYWORD.findall(rule.requirement)[0] == rule.level


@pytest.mark.parametrize("rule", RULES)
def test_a_requirement_is_in_short_sentences(rule: Rule) -> None:
    """Each sentence has one obligation at most."""
    for sentence in sentences(rule.requirement):
        assert len(sentence.split()) <= SENTENCE_WORDS, sentence
        assert len(KEYWORD.findall(sentence)) <= 1, sentence


@pytest.mark.parametrize("rule", RULES)
def test_an_exception_permits_or_limits(rule: Rule) -> None:
    """An exception never asks for more, except of a server that makes use of it."""
    for exception in rule.exceptions:
        words = KEYWORD.findall(exception)
        assert words[:1] in ([], ["MAY"]), exception


@pytest.mark.parametrize("rule", RULES)
def test_a_note_adds_no_obligation(rule: Rule) -> None:
    assert not KEYWORD.search(rule.note)


@pytest.mark.parametrize("rule", RULES)
def test_prohibitions_say_must_not(rule: Rule) -> None:
    """A sentence like "nothing MUST happen" can be read as a permission."""
    for sentence in sentences(rule.requirement):
        assert not re.match(r"(?:No|Nothing|Nobody|None)\b", sentence)


def test_what_the_document_shows_as_frames_is_read_as_such() -> None:
    exchange = re.findall(r"^\w+ +([<>]) (\{.*\})$", TEXT, flags=re.MULTILINE)

    assert len(exchange) == 8
    for direction, frame in exchange:
        if direction == "<":
            assert isinstance(messages.read(frame), messages.Message | messages.Notice | messages.Error)
        else:
            assert isinstance(messages.read_sent(frame), messages.Valid)
