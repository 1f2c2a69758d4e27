"""A run ends with a verdict, an exit code and a result file that agree."""

import socket
from pathlib import Path
from xml.etree import ElementTree

import pytest

from roomproof.spec.rules import Capability, Level, read_protocol
from roomproof.suite.paths import scenarios_package
from tests.listening import REFERENCE, served
from tests.suite.verify import Run, interrupt, verify

KILLER = """
import os, signal

def pytest_runtest_logreport(report):
    if report.when == "teardown":
        os.kill({pid}, signal.SIGKILL)
"""
"""A plugin that kills the server after the first scenario."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The whole suite against the embedded server, on two workers."""
    return verify(tmp_path_factory.mktemp("whole"), "-n", "2", "--junitxml", "junit.xml")


def test_the_embedded_server_is_valid(whole: Run) -> None:
    assert (whole.code, whole.verdict["verdict"]) == (0, "valid"), whole.output
    assert whole.verdict["partial"] is False
    assert whole.rules("broken") == whole.rules("warned") == set()


def test_only_rules_of_undeclared_capabilities_are_left_out(whole: Run) -> None:
    rules = read_protocol().rules.values()
    optional = {
        Capability.STICKY,
        Capability.PUBSUB,
        Capability.PRESENCE_PER_USER,
        Capability.PARTICIPANTS_ONLY,
    }

    assert whole.rules("untested") == set()
    assert whole.rules("not_applicable") == {rule.id for rule in rules if rule.capability in optional}
    assert whole.rules("held") == {rule.id for rule in rules if rule.capability not in optional}


def test_the_result_file_has_its_lines(whole: Run) -> None:
    first, *between, _ = whole.results

    keys = ["kind", "tool", "format", "version", "protocol", "target", "capabilities", "started", "partial"]
    assert list(first) == keys
    assert (first["kind"], first["tool"], first["protocol"]) == ("run", "roomproof", read_protocol().version)
    assert "heartbeat=3" in first["capabilities"]
    assert {line["kind"] for line in between} == {"scenario"}
    assert list(between[0]) == ["kind", "id", "rules", "outcome", "seconds", "detail"]
    assert {line["outcome"] for line in between} == {"passed", "not_applicable"}
    assert all(set(line["rules"]) <= read_protocol().rules.keys() for line in between)


def test_scenarios_are_named_by_file_test_and_case(whole: Run) -> None:
    names = [line["id"] for line in whole.results[1:-1]]

    assert len(names) == len(set(names))
    assert "test_frame.py::test_a_bad_frame_is_private_answered_and_forgiven[an array]" in names


def test_every_level_is_in_the_verdict(whole: Run) -> None:
    assert {entry["level"] for entry in whole.verdict["rules"].values()} == set(Level)


def test_junit_names_the_rules(tmp_path: Path) -> None:
    run = verify(tmp_path, "test_order.py", "--junitxml", "junit.xml")

    cases = ElementTree.parse(tmp_path / "junit.xml").iter("testcase")
    rules = {prop.get("value") for case in cases for prop in case.iter("property") if prop.get("name") == "rule"}
    assert run.code == 0
    assert rules == {"DELIVER-1", "DELIVER-3", "ORDER-1", "ORDER-2"}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_run_narrowed_by_hand_is_partial(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = verify(tmp_path, "test_create.py", "test_order.py", "-k", "burst or own_id", *workers)

    assert (run.code, run.verdict["partial"], run.results[0]["partial"]) == (0, True, True)
    assert run.rules("held") == {"ORDER-1"}
    assert "DELIVER-1" in run.rules("untested")
    assert "test_order.py::test_everybody_hears_one_order" in [line["id"] for line in run.scenarios("not_run")]


def test_a_path_is_a_partial_run(tmp_path: Path) -> None:
    assert verify(tmp_path, "test_order.py").verdict["partial"] is True


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_run_of_nothing_is_inconclusive(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = verify(tmp_path, "-k", "no_scenario_is_called_this", *workers)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive")
    assert "no scenario" in run.verdict["reason"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_an_unreachable_target_is_inconclusive(tmp_path: Path, workers: tuple[str, ...]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        run = verify(tmp_path, "--target", url, *workers)

    assert run.code == 3
    assert [line["kind"] for line in run.results] == ["run", "verdict"]
    assert run.verdict["verdict"] == "inconclusive"
    assert url in run.verdict["reason"]
    assert set(run.rules("untested")) >= {"CREATE-1", "DELIVER-1"}
    assert "Traceback" not in run.output


def test_a_target_that_dies_makes_the_run_inconclusive(tmp_path: Path) -> None:
    """The run ends where the target stops answering, and blames no rule for that."""
    with served(*REFERENCE) as (url, server):
        (tmp_path / "killer.py").write_text(KILLER.format(pid=server.pid))
        arguments = ["test_order.py", "--target", url, "-p", "killer"]
        run = verify(tmp_path, *arguments, environment={"PYTHONPATH": str(tmp_path)})

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert run.verdict["reason"].startswith("the target stopped answering: ")
    assert [line["outcome"] for line in run.results[1:-1]] == ["passed", "failed"]
    assert (run.rules("broken"), run.rules("held")) == (set(), {"ORDER-1"})


def test_an_interrupted_run_has_no_verdict(tmp_path: Path) -> None:
    run = interrupt(tmp_path, when='"kind":"scenario"')

    assert run.code == 2, run.output
    assert run.results[-1]["kind"] == "scenario"


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_run_that_is_interrupted_twice_ends_in_order(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = interrupt(tmp_path, *workers, when='"kind":"scenario"', presses=2)

    assert run.code == 2, run.output
    assert run.results[-1]["kind"] == "scenario"
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        pytest.param(["--host", "http://localhost:1"], "--target", id="Locust's --host"),
        pytest.param(["--capability", "fetch"], "--target", id="a capability without a target"),
        pytest.param(["--target", "localhost:80"], "expected a target", id="a target without a scheme"),
        pytest.param(["--target", "http://h", "--capability", "flight"], "flight", id="an unknown capability"),
        pytest.param(["--target", "no.toml"], "no.toml", id="a missing target file"),
        pytest.param(["--target", "http://h", "--header", "X"], "Authorization", id="half a header"),
        pytest.param(["--deadline", "0"], "from 0.1", id="no time at all"),
        pytest.param(["--deadline", "soon"], "invalid float", id="a time that is no number"),
        pytest.param(["--speed", "3"], "--speed", id="an unknown option"),
    ],
)
def test_a_wrong_command_line_is_a_usage_error(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    run = verify(tmp_path, *arguments)

    assert (run.code, run.results) == (4, [])
    assert complaint in run.output
    assert "Traceback" not in run.output


def test_an_unwritable_result_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").mkdir()

    run = verify(tmp_path)

    assert run.code == 4
    assert "cannot write the result file" in run.output


def test_scenarios_run_by_package_name_too(tmp_path: Path) -> None:
    run = verify(tmp_path, "--pyargs", scenarios_package(), "-n", "2", module=("-m", "pytest"))

    assert (run.code, run.verdict["partial"]) == (0, False), run.output


@pytest.mark.parametrize(
    ("option", "left_out"),
    [
        pytest.param(["--ignore", "test_stats.py"], "test_stats.py", id="a file"),
        pytest.param(["--deselect", "test_stats.py::test_statistics"], "", id="an unknown scenario"),
        pytest.param(["--deselect=test_create.py"], "test_create.py", id="a file's scenarios"),
    ],
)
def test_leaving_out_leaves_only_that_out(tmp_path: Path, option: list[str], left_out: str) -> None:
    (tmp_path / "test_mine.py").write_text("def test_mine():\n    open('ran', 'w')\n")

    run = verify(tmp_path, *option, "-k", "test_stats.py or test_create.py", "-q")

    files = {line["id"].partition("::")[0] for line in run.results if line["kind"] == "scenario"}
    played = {line["id"].partition("::")[0] for line in run.scenarios("passed")}
    assert played == {"test_stats.py", "test_create.py"} - {left_out}, run.output
    assert "test_mine.py" not in files
    assert not (tmp_path / "ran").exists()
