"""`python -m roomproof` is the command `roomproof`."""

import subprocess
import sys
from pathlib import Path

import pytest

from roomproof.cli.loading import load_scripts, locust_arguments
from roomproof.spec.rules import read_protocol
from tests.suite.verify import verify

SCRIPT = str(Path(sys.executable).parent / "roomproof")


def run(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        pytest.param(["--version"], 0, id="the version"),
        pytest.param(["--help"], 0, id="the help"),
        pytest.param(["dance"], 4, id="an unknown command"),
        pytest.param(["load", "stedy"], 4, id="an unknown load script"),
        pytest.param(["load", "--help"], 0, id="the help of load"),
        pytest.param(["load", "steady", "nowhere"], 4, id="no URL"),
        pytest.param(["rules", "nobody"], 4, id="an unknown family"),
        pytest.param(["explain", "ODER-1"], 4, id="an unknown rule"),
        pytest.param([], 4, id="no command"),
    ],
)
def test_the_module_is_the_command(arguments: list[str], code: int) -> None:
    as_module = run(sys.executable, "-m", "roomproof", *arguments)
    as_script = run(SCRIPT, *arguments)

    assert as_module.returncode == code
    assert (as_module.returncode, as_module.stdout, as_module.stderr) == (
        as_script.returncode,
        as_script.stdout,
        as_script.stderr,
    )


def test_every_rule_is_listed_on_one_line() -> None:
    listed = run(SCRIPT, "rules").stdout.splitlines()

    assert [line.split()[0] for line in listed] == list(read_protocol().rules)
    assert max(map(len, listed)) <= 100


def test_rules_of_one_family_are_listed() -> None:
    assert [line.split()[0] for line in run(SCRIPT, "rules", "order").stdout.splitlines()] == ["ORDER-1", "ORDER-2"]


def test_a_rule_is_explained_with_its_scenarios() -> None:
    explained = run(SCRIPT, "explain", "order-1")

    assert explained.returncode == 0
    assert "in the order in which it was sent" in explained.stdout
    assert "test_order.py::test_a_burst_is_heard_in_order" in explained.stdout


def test_a_mistyped_rule_is_corrected() -> None:
    assert "do you mean ORDER-1?" in run(SCRIPT, "explain", "ODER-1").stderr


def test_the_help_of_load_names_all_scripts() -> None:
    shown = run(SCRIPT, "load", "--help").stdout

    assert all(f"  {name} " in shown for name in load_scripts())


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        pytest.param(["http://a:1", "-u", "2"], ["--host", "http://a:1", "-u", "2"], id="a URL comes first"),
        pytest.param(["chat.toml"], ["--host", "chat.toml"], id="a target file comes first"),
        pytest.param(["--target", "http://a:1"], ["--host", "http://a:1"], id="--target and a value"),
        pytest.param(["-u", "2", "--target=http://a:1"], ["-u", "2", "--host=http://a:1"], id="--target=value"),
        pytest.param(["--host", "http://a:1"], ["--host", "http://a:1"], id="Locust's own name"),
    ],
)
def test_load_takes_its_target_as_verify_does(given: list[str], passed: list[str]) -> None:
    assert locust_arguments(given) == passed


def test_only_scenarios_of_a_rule_run(tmp_path: Path) -> None:
    done = verify(tmp_path, "--rule", "order-1", "--rule", "CREATE-7")

    assert done.code == 0, done.output
    assert {rule for line in done.results if line["kind"] == "scenario" for rule in line["rules"]} >= {
        "ORDER-1",
        "CREATE-7",
    }
    assert all({"ORDER-1", "CREATE-7"} & set(line["rules"]) for line in done.scenarios("passed"))
    assert done.verdict["partial"]


def test_an_unknown_rule_is_a_usage_error(tmp_path: Path) -> None:
    done = verify(tmp_path, "--rule", "ODER-1")

    assert (done.code, done.results) == (4, [])
    assert "do you mean ORDER-1?" in done.output


def test_verify_takes_the_target_without_an_option(tmp_path: Path) -> None:
    done = verify(tmp_path, "http://127.0.0.1:1")

    assert done.code == 3, done.output
    assert "http://127.0.0.1:1 cannot be tested" in done.output


@pytest.mark.parametrize(
    ("script", "parts"),
    [
        (
            "steady",
            (
                "usage: roomproof load steady",
                "--slo",
                "--room-size",
                "(default 10)",
                "[ROOMPROOF_RATE]",
                "--headless",
            ),
        ),
        ("capacity", ("--most-users",)),
    ],
)
def test_the_help_of_a_load_script_lists_our_options(script: str, parts: tuple[str, ...]) -> None:
    shown = run(SCRIPT, "load", script, "--help")

    assert shown.returncode == 0, shown.stderr
    assert [part for part in parts if part not in shown.stdout] == []
