"""A run ends with its broken rules, the likely root first, and with its verdict."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.topologies.embedded import FAR_ZONE
from tests.listening import REFERENCE, faulty, listening
from tests.suite.verify import Run, clean_environment, interrupt, usual_options, verify

SOME = ("test_deliver.py", "test_deliver_when.py", "test_join.py", "-k", "not shuts and not slow")
"""Scenarios enough to break a rule often."""

WORKERS = pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])


@pytest.fixture(scope="module")
def late() -> Iterator[str]:
    """A server whose timestamps are in another time zone: nearly all fails."""
    with listening(*faulty("local time"), zone=FAR_ZONE) as url:
        yield url


@pytest.fixture(scope="module")
def failed(late: str, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run against that server, in which two rules are broken."""
    scenarios = ("test_deliver.py", "test_create.py", "test_deliver_when.py")
    return verify(tmp_path_factory.mktemp("failed"), *scenarios, "-k", "not delete", "--target", late, "-n", "2")


def ending(run: Run) -> list[str]:
    """The lines of the last section of stdout."""
    return run.stdout.rpartition("= roomproof =")[2].splitlines()[1:]


def test_each_broken_rule_has_its_line_and_the_root_is_first(failed: Run) -> None:
    head, root, command, other, _, advice, counts, verdict = ending(failed)

    number = len([line for line in failed.scenarios("failed") if "DELIVER-8" in line["broken"]])
    assert (failed.code, head) == (1, "broken rules, the likely root first:")
    assert root.startswith(f"  DELIVER-8  MUST    {number} scenarios  wrong time, at ")
    assert other.startswith("  CREATE-1   MUST    1 scenario ")
    assert command.strip().startswith("roomproof verify --rule DELIVER-8 --target ")
    assert re.fullmatch(rf"mend DELIVER-8 first: {number} of {number + 1} failures have no other", advice)
    assert counts.startswith("rules: ")
    assert verdict == "INVALID: the server breaks CREATE-1, DELIVER-8"


def test_one_failure_of_each_kind_is_shown(failed: Run) -> None:
    number = len([line for line in failed.scenarios("failed") if "DELIVER-8" in line["broken"]])

    assert failed.output.count("DELIVER-8 (MUST) is broken. The rule:") == 1
    assert failed.output.count("CREATE-1 (MUST) is broken. The rule:") == 1
    assert f"and {number - 1} more like it; -v shows all" in failed.output


def test_no_traceback_of_ours_is_printed_for_a_broken_rule(failed: Run) -> None:
    assert not re.search(r"^(E  |>  )|Traceback|Error\b|\.py:\d+", failed.output, re.MULTILINE)


def test_the_printed_command_shows_the_rule_in_detail(tmp_path: Path, failed: Run) -> None:
    command = ending(failed)[2].strip().replace("roomproof", f"{shlex.quote(sys.executable)} -m roomproof", 1)
    words = [command, *map(shlex.quote, usual_options(tmp_path / "results.jsonl"))]

    done = subprocess.run(
        ["bash", "-c", " ".join(words)],
        cwd=tmp_path,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert re.search(r"test_timestamps_tell_the_time BROKEN DELIVER-8 ", done.stdout)
    assert "DELIVER-8 (MUST) is broken. The rule:" in done.stdout


@WORKERS
def test_the_ids_of_rules_stand_beside_scenarios(tmp_path: Path, workers: tuple[str, ...]) -> None:
    run = verify(tmp_path, "test_order.py", "-v", *workers)

    held = [line for line in run.scenarios("passed") if "ORDER-1" in line["rules"]]
    assert run.output.count("PASSED ORDER-1") == len(held) > 0


RAISES = """
def pytest_pyfunc_call(pyfuncitem):
    raise ZeroDivisionError("by a plugin of ours")
"""
"""A plugin with which every scenario ends with an error of ours."""


@WORKERS
def test_an_error_of_ours_has_its_traceback(tmp_path: Path, workers: tuple[str, ...]) -> None:
    (tmp_path / "ours.py").write_text(RAISES)

    run = verify(
        tmp_path,
        *("test_create.py", "-k", "used_at_once", "-p", "ours", *workers),
        environment={"PYTHONPATH": str(tmp_path)},
    )

    assert run.code == 3, run.output
    assert re.search("^E +ZeroDivisionError: by a plugin of ours$", run.output, re.MULTILINE)
    assert "ours.py:3: ZeroDivisionError" in run.output
    assert ending(run)[-1].startswith("INCONCLUSIVE: internal error in test_create.py::")


@WORKERS
def test_an_interrupted_run_shows_what_stands(tmp_path: Path, late: str, workers: tuple[str, ...]) -> None:
    run = interrupt(tmp_path, "--target", late, *workers, when='"broken":["DELIVER-8"]')

    assert run.code == 2, run.output
    assert "Traceback" not in run.output
    assert any(line.startswith("  DELIVER-8  MUST ") for line in ending(run))
    assert re.fullmatch(r"INCONCLUSIVE: interrupted after \d+ scenarios?", ending(run)[-1])


def test_a_run_that_cannot_begin_ends_with_its_verdict(tmp_path: Path) -> None:
    run = verify(tmp_path, "--target", "http://127.0.0.1:1")

    assert run.code == 3
    assert run.output.count("INCONCLUSIVE") == 1
    assert ending(run)[-1].startswith("INCONCLUSIVE: http://127.0.0.1:1 cannot be tested: ")


def test_a_valid_run_ends_with_its_verdict(tmp_path: Path) -> None:
    with listening(*REFERENCE) as url:
        run = verify(tmp_path, *SOME, "--target", url, "-n", "2")

    assert run.code == 0, run.output
    assert [line.partition(":")[0] for line in ending(run)] == ["rules", "VALID"]
