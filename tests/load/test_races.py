"""Races between members who come and go are found by scripts that provoke them."""

import sys
from pathlib import Path

import pytest

from tests.listening import listening
from tests.load.locust import load


@pytest.mark.parametrize(
    ("race", "script", "rule"),
    [
        pytest.param("two_make_the_room", "rooms", "DELIVER-1", id="two make the room"),
        pytest.param("two_make_the_room", "storm", "DELIVER-1", id="two make the room, in a storm"),
        pytest.param("the_room_is_deleted_late", "rooms", "DELIVER-1", id="the room is deleted late"),
        pytest.param("two_make_the_room", "churn", "DELIVER-1", id="two make the room, in churn"),
        pytest.param("the_room_is_deleted_late", "storm", "DELIVER-1", id="the room is deleted late, in a storm"),
        pytest.param("the_room_is_deleted_late", "churn", "DELIVER-1", id="the room is deleted late, in churn"),
        pytest.param("two_subscribe", "churn", "DELIVER-3", id="two subscribe, in churn"),
        pytest.param("two_subscribe", "rooms", "DELIVER-3", id="two subscribe"),
        pytest.param("two_subscribe", "storm", "DELIVER-3", id="two subscribe, in a storm"),
        pytest.param("messages_dropped_by_changes", "strangers", "DELIVER-1", id="strangers"),
    ],
)
def test_a_race_is_found(tmp_path: Path, race: str, script: str, rule: str) -> None:
    with listening(sys.executable, "-m", "tests.load.racy_rooms", race, "--port", "0", "--database", ":memory:") as url:
        run = load(tmp_path, script, url, "-t", "24")

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert rule in run.rules("broken"), run.output
    assert "Traceback" not in run.output
