"""A known deviation is tested as usual, and fails the run only once it is over."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.listening import faulty, listening
from tests.suite.verify import Run, verify


@pytest.fixture(scope="module")
def no_errors() -> Iterator[str]:
    """A server that ignores bad frames in silence (FRAME-4, a SHOULD)."""
    with listening(*faulty("no error frames")) as url:
        yield url


@pytest.fixture(scope="module")
def trimming() -> Iterator[str]:
    """A server whose room names come back trimmed (CREATE-1, a MUST)."""
    with listening(*faulty("names trimmed")) as url:
        yield url


def deviations(folder: Path, text: str) -> tuple[str, str]:
    file = folder / "deviations.toml"
    file.write_text(text)
    return "--deviations", str(file)


ANSWERED = "test_frame.py::test_a_bad_frame_is_private_answered_and_forgiven"
TRIMMED = "test_create.py::test_a_room_is_made_with_any_name[white space at both ends]"


def run(folder: Path, url: str, *more: str) -> Run:
    return verify(folder, "test_create.py", "--target", url, *more)


def test_a_broken_should_is_warned_and_fails_nothing(tmp_path: Path, no_errors: str) -> None:
    done = verify(tmp_path, "test_frame.py", "-x", "--target", no_errors, "--junitxml", "junit.xml")

    assert (done.code, done.verdict["verdict"]) == (0, "valid"), done.output
    assert done.rules("warned") == {"FRAME-4"}
    assert {line["id"].partition("[")[0] for line in done.scenarios("warned")} == {ANSWERED}
    assert 'failures="0"' in (tmp_path / "junit.xml").read_text()
    assert "FRAME-4  SHOULD  " in done.output.partition("= roomproof =")[2], "a warning is named at the end"


def test_a_failure_shows_rule_timeline_and_command(tmp_path: Path, trimming: str) -> None:
    done = run(tmp_path, trimming)

    assert done.code == 1
    assert "CREATE-1 (MUST) is broken. The rule:" in done.output
    assert "What happened, in seconds" in done.output
    assert f"roomproof verify '{TRIMMED}' --target {trimming}" in done.output
    assert [line["id"] for line in done.scenarios("failed")] == [TRIMMED]


@pytest.mark.parametrize("what", ['rule = "CREATE-1"', f'scenario = "{TRIMMED}"'], ids=["by rule", "by scenario"])
def test_a_known_deviation_does_not_fail_the_run(tmp_path: Path, trimming: str, what: str) -> None:
    known = deviations(tmp_path, f'[[deviation]]\n{what}\nreason = "the database trims"\nlink = "https://x/1"\n')

    done = run(tmp_path, trimming, *known)

    assert (done.code, done.verdict["verdict"]) == (0, "valid"), done.output
    assert done.rules("deviating") == {"CREATE-1"}
    assert [line["id"] for line in done.scenarios("deviating")] == [TRIMMED]


def test_a_deviation_that_is_over_fails_the_run(tmp_path: Path, trimming: str) -> None:
    fixed = "test_create.py::test_a_room_can_be_used_at_once"
    known = deviations(
        tmp_path,
        f'[[deviation]]\nrule = "CREATE-1"\nreason = "trims"\n[[deviation]]\nscenario = "{fixed}"\nreason = "slow"\n',
    )

    done = run(tmp_path, trimming, *known)

    assert done.code == 1
    assert f"the deviation of {fixed} is over" in done.verdict["reason"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_reason_and_link_are_reported(tmp_path: Path, trimming: str, workers: tuple[str, ...]) -> None:
    text = '[[deviation]]\nrule = "CREATE-1"\nreason = "the database trims"\nlink = "https://x/1"\n'

    done = run(tmp_path, trimming, *deviations(tmp_path, text), *workers, "--junitxml", "junit.xml")

    why = "known deviation: the database trims, https://x/1"
    cases = list(ElementTree.parse(tmp_path / "junit.xml").iter("testcase"))
    skipped = [reason.get("message") for case in cases if "both ends" in str(case.get("name")) for reason in case]
    assert why in done.output.partition("= roomproof =")[2]
    assert why in done.scenarios("deviating")[0]["detail"]
    assert why in skipped


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
@pytest.mark.parametrize(
    "what",
    [
        pytest.param('rule = "CREATE-99"', id="a rule"),
        pytest.param('scenario = "test_chairs.py::test_x"', id="a file"),
        pytest.param('scenario = "test_create.py::test_no_such_test"', id="a test"),
        pytest.param('scenario = "test_create.py::test_a_room_is_made_with_any_name[no such case]"', id="a case"),
    ],
)
def test_a_deviation_that_matches_nothing_is_refused(tmp_path: Path, what: str, workers: tuple[str, ...]) -> None:
    known = deviations(tmp_path, f'[[deviation]]\n{what}\nreason = "x"\n')

    done = verify(tmp_path, *known, *workers)

    assert done.code == 4, done.output
    assert "in each deviation, got" in done.output
    assert not done.scenarios("passed")
    assert "VALID" not in done.output


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("[[deviation", "does not hold deviations", id="no TOML"),
        pytest.param('[[deviation]]\nrule = "ORDER-1"\n', "reason", id="no reason"),
        pytest.param('[[deviation]]\nreason = "x"\n', "either a rule or a scenario", id="nothing named"),
        pytest.param('[[deviation]]\nrule = "A-1"\nscenario = "s"\nreason = "x"\n', "either", id="both named"),
        pytest.param('[[deviation]]\nrule = "A-1"\nreason = " "\n', "no reason", id="an empty reason"),
        pytest.param('[[deviation]]\nrule = "A-1"\nreason = "x"\nwhy = "y"\n', "why", id="an unknown key"),
    ],
)
def test_a_bad_file_is_a_usage_error(tmp_path: Path, text: str, complaint: str) -> None:
    done = verify(tmp_path, *deviations(tmp_path, text))

    assert done.code == 4
    assert complaint in done.output
