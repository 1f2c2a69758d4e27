"""Templates are filled as data, and found in what came."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.place import Place
from roomproof.dialects.template import Template
from roomproof.errors import UsageError

PLACE = Place("chat.toml", "[say] frame")

VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(string.ascii_letters),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.ascii_letters), inner, max_size=3),
    max_leaves=8,
)


def template(value: object) -> Template:
    return Template(value, PLACE)


def test_a_placeholder_alone_keeps_the_type_of_its_value() -> None:
    assert template({"id": "{me}", "by": "user {me}"}).fill({"me": 7}) == {"id": 7, "by": "user 7"}


def test_doubled_braces_are_braces() -> None:
    assert template("{{x}} {content}").fill({"content": "{content}"}) == "{x} {content}"


@given(st.text())
def test_no_content_breaks_out_of_its_place(content: str) -> None:
    filled = template({"event": "chat", "texts": ["<{content}>"]}).fill({"content": content})

    assert filled == {"event": "chat", "texts": [f"<{content}>"]}


@given(st.text())
def test_what_is_filled_in_is_found_again(content: str) -> None:
    pattern = template({"event": "chat", "data": ["{content}", {"text": "by {user}: {content}"}]})

    assert pattern.match(pattern.fill({"content": content, "user": "alice"})) == {"content": content, "user": "alice"}


@given(VALUES)
def test_a_value_without_placeholders_contains_itself(value: object) -> None:
    assert template(json.loads(json.dumps(value))).match(value, exact=True) == {}


@pytest.mark.parametrize(
    ("pattern", "value", "found"),
    [
        pytest.param({"a": 1}, {"a": 1, "b": 2}, {}, id="a table with more keys"),
        pytest.param({"a": {"b": "{x}"}}, {"a": {"b": [1], "c": 2}}, {"x": [1]}, id="a table in a table"),
        pytest.param(["chat"], ["chat", {"text": "x"}], {}, id="the beginning of an array"),
        pytest.param("{user} joined the chat", "a joined the chat", {"user": "a"}, id="a text around a placeholder"),
        pytest.param("{user}: {content}", "a: b: c", {"user": "a", "content": "b: c"}, id="two placeholders"),
        pytest.param("{user} x", "line\nend x", {"user": "line\nend"}, id="a line end"),
        pytest.param({"a": "{any}", "b": "{any}"}, {"a": 1, "b": 2}, {}, id="anything"),
        pytest.param({"a": 1}, {"a": True}, None, id="true is not 1"),
        pytest.param({"a": 1}, {"b": 1}, None, id="a missing key"),
        pytest.param({"a": 1}, [1], None, id="an array for a table"),
        pytest.param(["a", "b"], ["a"], None, id="a shorter array"),
        pytest.param("{user} joined", 7, None, id="a number for a text"),
        pytest.param({"a": "{x}", "b": "{x}"}, {"a": 1, "b": 2}, None, id="one placeholder with two values"),
    ],
)
def test_a_template_is_contained_in_a_value(pattern: object, value: object, found: dict[str, object] | None) -> None:
    assert template(pattern).match(value) == found


def test_a_known_placeholder_must_have_its_value() -> None:
    pattern = template({"room": "{room}", "id": "{me}"})

    assert pattern.match({"room": 7, "id": 1}, {"room": "7"}) == {"me": 1}
    assert pattern.match({"room": 8, "id": 1}, {"room": "7"}) is None


def test_an_exact_match_has_nothing_more() -> None:
    assert template({"a": ["{x}"]}).match({"a": [1]}, exact=True) == {"x": 1}
    assert template({"a": ["{x}"]}).match({"a": [1, 2]}, exact=True) is None
    assert template({"a": ["{x}"]}).match({"a": [1], "b": 1}, exact=True) is None


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        pytest.param("{content", "single '{'", id="an open brace"),
        pytest.param('{"text": "x"}', "not as a string of JSON", id="a string of JSON"),
        pytest.param({"{user}": 1}, "keys without braces", id="a placeholder as a key"),
        pytest.param({"at": PLACE}, "write it as a string", id="a date or another value"),
    ],
)
def test_a_template_is_refused(value: object, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint) as refusal:
        template(value)

    assert str(refusal.value).startswith("chat.toml, [say] frame: expected ")
