"""Each fault is told by the rule that it breaks, and by no other."""

import sys
from pathlib import Path

import pytest

from tests.listening import faulty, listening
from tests.suite.verify import Run, verify

DEADLINE = "1"
"""The deadline in seconds: less than usual, because these servers make the suite wait in vain."""

SENT_AWAY = """
from typing import Any

from reference_server.__main__ import main
from reference_server.room import ChatRoom
from tests.faults.fault import wrap

def wrapped(send: Any) -> Any:
    def once(self: Any, sender: Any, content: str, timestamp: str) -> Any:
        if "soup" in content:
            sender.close(1001)
            return []
        return send(self, sender, content, timestamp)
    return once

wrap(ChatRoom, "send_message", wrapped)
main()
"""
"""A server that closes whoever says "soup" with 1001, as if it shut down: that breaks no rule."""


def run_against(folder: Path, command: tuple[str, ...], *scenarios: str) -> Run:
    with listening(*command) as url:
        target = ("--target", url, "--capability", "delete", "--exclusive", "--deadline", DEADLINE)
        return verify(folder, *scenarios, *target)


@pytest.mark.parametrize(
    ("fault", "scenarios", "broken"),
    [
        pytest.param(
            "a slow reader stalls the room",
            ["test_close.py::test_a_slow_reader_holds_nobody_up_and_misses_nothing"],
            {"CLOSE-4"},
            id="a stalled room",
        ),
        pytest.param(
            "members of a deleted room not closed",
            ["test_deliver.py::test_a_deleted_room_is_silent", "test_stats.py::test_a_deleted_room_is_not_listed"],
            {"CLOSE-3"},
            id="a missing 4004",
        ),
        pytest.param(
            "wrong close code for unknown rooms",
            ["test_refuse.py::test_an_unknown_room_is_refused"],
            {"REFUSE-1"},
            id="a wrong refusal",
        ),
        pytest.param(
            "leaves missing",
            [
                "test_leave.py::test_those_who_came_first_leave_and_the_others_go_on[close]",
                "test_leave.py::test_nothing_is_heard_of_who_has_left[close]",
            ],
            {"LEAVE-1"},
            id="a clean close without a notice",
        ),
        pytest.param(
            "leaves only for clean closes",
            [
                "test_leave.py::test_those_who_came_first_leave_and_the_others_go_on[rst]",
                "test_leave.py::test_nothing_is_heard_of_who_has_left[fin]",
            ],
            {"LEAVE-2"},
            id="the end of a link without a notice",
        ),
        pytest.param(
            "missing user ids accepted as anonymous",
            ["test_refuse.py::test_nobody_is_refused", "test_refuse.py::test_the_refused_are_not_heard"],
            {"REFUSE-3"},
            id="nobody let in",
        ),
        pytest.param(
            "statistics off by one",
            ["test_refuse.py::test_a_room_that_refuses_is_not_active", "test_stats.py::test_every_connection_counts"],
            {"STATS-2"},
            id="wrong statistics",
        ),
        pytest.param(
            "sender_id missing",
            ["test_deliver.py::test_everybody_hears_everybody", "test_join.py::test_everybody_hears_who_joins"],
            {"DELIVER-7"},
            id="a missing field",
        ),
        pytest.param(
            "closes not answered",
            ["test_leave.py::test_everybody_hears_who_closes", "test_stats.py::test_who_leaves_counts_no_more"],
            {"CLOSE-2"},
            id="a close without an answer",
        ),
    ],
)
def test_a_fault_breaks_its_own_rule_only(tmp_path: Path, fault: str, scenarios: list[str], broken: set[str]) -> None:
    run = run_against(tmp_path, faulty(fault), *scenarios)

    assert run.rules("broken") == broken, run.output
    assert run.rules("warned") == set()
    assert all(line["broken"] for line in run.scenarios("failed"))


def test_a_scenario_whose_precondition_fails_tests_nothing(tmp_path: Path) -> None:
    """Nobody is refused (REFUSE-3), so nothing shows of the refused (REFUSE-4)."""
    run = run_against(tmp_path, faulty("missing user ids accepted as anonymous"), "test_refuse.py")

    assert run.rules("broken") == {"REFUSE-3"}, run.output
    assert "REFUSE-4" in run.rules("untested")


def test_what_no_rule_forbids_makes_a_scenario_unplayable(tmp_path: Path) -> None:
    command = (sys.executable, "-c", SENT_AWAY, "--port", "0", "--database", ":memory:")

    run = run_against(tmp_path, command, "test_leave.py::test_the_other_device_hears_and_is_heard")

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "could not be played, and its history shows no fault of the server" in run.verdict["reason"]
    assert "LEAVE-4" in run.rules("untested")
    assert run.rules("broken") == set()
