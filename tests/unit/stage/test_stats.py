"""Statistics are read as PROTOCOL.md gives their form (STATS-1)."""

import json

import pytest

from roomproof.client.http import Answer
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stats import Stats, read_stats

TWO_ROOMS = {"total_connections": 3, "active_rooms": ["a", "b"], "rooms_count": 2}


def answer(fields: object, status: int = 200) -> Answer:
    return Answer(status, {}, json.dumps(fields).encode())


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="as they are"),
        pytest.param({"instance": "one"}, id="with the instance"),
        pytest.param({"uptime": [1, 2]}, id="with a field that nobody knows"),
        pytest.param({"total_connections": 3.0, "rooms_count": 2.0}, id="with whole numbers written with a point"),
    ],
)
def test_statistics_are_read(more: dict[str, object]) -> None:
    assert read_stats(answer(TWO_ROOMS | more)) == Stats(3, ("a", "b"))


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"total_connections": -1}, id="members below nothing"),
        pytest.param({"total_connections": 2.5}, id="half a member"),
        pytest.param({"total_connections": True}, id="members that are a truth"),
        pytest.param({"total_connections": "3"}, id="members that are a text"),
        pytest.param({"active_rooms": {"a": 1, "b": 2}}, id="rooms that are an object"),
        pytest.param({"active_rooms": ["a", 7]}, id="a room that is a number"),
        pytest.param({"active_rooms": ["a", "a"]}, id="a room twice"),
        pytest.param({"rooms_count": 3}, id="a wrong number of rooms"),
        pytest.param({"active_rooms": ["a"], "rooms_count": True}, id="a number of rooms that is a truth"),
        pytest.param({"rooms_count": None}, id="no number of rooms"),
        pytest.param({"instance": 1}, id="an instance that is a number"),
    ],
)
def test_what_breaks_the_form_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(RuleBrokenError) as broken:
        read_stats(answer(TWO_ROOMS | wrong))

    assert broken.value.rule == "STATS-1"


def test_numbers_beyond_any_double_break_nothing_of_ours() -> None:
    huge = b'{"total_connections": 1e999, "active_rooms": [], "rooms_count": 0}'

    with pytest.raises(RuleBrokenError, match="whole number"):
        read_stats(Answer(200, {}, huge))


def test_an_error_is_no_statistics() -> None:
    with pytest.raises(RuleBrokenError, match="expected 200"):
        read_stats(answer(TWO_ROOMS, status=500))
