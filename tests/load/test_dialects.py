"""Load speaks the dialect of a target file, and tells no secret."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.spec.rules import Need, read_protocol
from tests.faults.catalogue import FAULTS
from tests.faults.server import TRANSLATED
from tests.faults.translated import TARGET_FILE
from tests.listening import faulty, listening
from tests.load import teaching
from tests.load.locust import FinishedLoad, load
from tests.load.test_clean import GOING, TALK

SHORT = ("-u", "20", "-r", "100", "-t", "4", "--rate", "4")
MOVING = ("-u", "20", "-r", "100", "-t", "9", "--rate", "4")

SECRET = "opensesame-0123456789"
KEY = "a-key-of-at-least-thirty-two-bytes!"

IN_LOAD = [Need.NOTICES, Need.ECHO, Need.SENDER, Need.TIMESTAMPS, Need.ERRORS]
"""Needs that change how a load is judged."""

WITHOUT = [(need,) for need in IN_LOAD] + [
    (Need.NOTICES, Need.ECHO),
    tuple(need for need in Need if need not in IN_LOAD),
]

JWT_START = "eyJhbGciOiJIUzI1NiIs"
"""The beginning of each token: `{"alg":"HS256",`. Histograms, which are in Base64 too, do not hold it by chance."""


def translated(name: str) -> tuple[str, ...]:
    """Return the command line of a server with this fault in another dialect."""
    python, module, server, *rest = faulty(name)
    return (python, module, server, TRANSLATED, *rest)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server without a fault that speaks another dialect."""
    with listening(*translated("clean")) as address:
        yield address


def file_of(folder: Path, url: str, *lines: str, text: str = TARGET_FILE) -> str:
    file = folder / "chat.toml"
    file.write_text(text.format(url=url) + "\n".join(lines))
    return str(file)


def with_tokens(folder: Path, url: str, *users: str) -> str:
    """Return a target file whose handshakes carry the tokens of users."""
    text = TARGET_FILE.replace('query = {{name = "{{user}}"}}', 'query = {{name = "{{user}}", token = "{{token}}"}}')
    return file_of(folder, url, "", "[users]", *users, text=text)


def is_told(secret: str, folder: Path, run: FinishedLoad) -> bool:
    """Whether a secret is in the output of a run, or in any file that it wrote."""
    written = [file.read_text() for file in folder.glob("*") if file.suffix in (".jsonl", ".csv", ".html")]
    kept = "".join(text for text in written if not text.startswith("user,token"))
    return secret in run.output + kept


@pytest.mark.parametrize(
    ("script", "options", "rules"),
    [
        pytest.param("steady", SHORT, TALK, id="steady"),
        pytest.param("churn", MOVING, (TALK - {"DELIVER-5"}) | GOING, id="churn"),
    ],
)
def test_the_clean_server_is_valid_in_another_dialect(
    tmp_path: Path, url: str, script: str, options: tuple[str, ...], rules: set[str]
) -> None:
    run = load(tmp_path, script, file_of(tmp_path, url), *options)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= rules
    assert "chat.toml without participants, rooms, statistics can express" in run.verdict["reason"]


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("some lost for one", "steady"),
        ("some doubled", "steady"),
        ("joins announced under a wrong name", "churn"),
    ],
)
def test_a_fault_is_found_in_another_dialect(tmp_path: Path, name: str, script: str) -> None:
    with listening(*translated(name)) as address:
        run = load(tmp_path, script, file_of(tmp_path, address), *SHORT)

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert FAULTS[name].breaks in run.rules("broken"), run.output


@pytest.mark.parametrize("needs", WITHOUT, ids=lambda needs: ", ".join(needs[:2]))
def test_the_clean_server_is_valid_without(tmp_path: Path, clean_server: str, needs: tuple[Need, ...]) -> None:
    run = load(tmp_path, "steady", clean_server, *SHORT, "--without", ",".join(needs))

    gone = {rule.id for rule in read_protocol().rules.values() if not rule.needs.isdisjoint(needs)}
    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert gone <= run.rules("not_applicable")
    assert run.rules("held") >= TALK - gone


def test_a_server_without_an_echo_is_valid_without_it(tmp_path: Path) -> None:
    with listening(*faulty("echo missing")) as address:
        run = load(tmp_path, "churn", address, *MOVING, "--without", "echo")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert "DELIVER-1" in run.rules("held")


def test_users_of_a_file_prove_who_they_are_in_secret(tmp_path: Path, url: str) -> None:
    rows = "\n".join(f"u{number},{SECRET}{number}" for number in range(24))
    (tmp_path / "people.csv").write_text(f"user,token\n{rows}\n")
    files = ("--csv", str(tmp_path / "locust"), "--html", str(tmp_path / "locust.html"))
    target = with_tokens(tmp_path, url, f'file = "{tmp_path}/people.csv"')

    run = load(tmp_path, "churn", target, *MOVING, *files, "--processes", "2")
    few = load(tmp_path, "churn", target, "-u", "23", "-t", "4")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert "JOIN-6" in run.rules("not_applicable"), "the users are given"
    assert not is_told(SECRET, tmp_path, run)
    assert few.code == 4
    assert "chat.toml, [users] file: expected at least 25 users, got 24 rows" in few.output


def test_tokens_are_minted_for_all_users_of_a_load(tmp_path: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = with_tokens(tmp_path, url, 'jwt = {secret_env = "CHAT_KEY", lifetime = 32}')
    keyless = load(tmp_path, "steady", target, *SHORT)
    monkeypatch.setenv("CHAT_KEY", KEY)

    run = load(tmp_path, "churn", target, *MOVING)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert not is_told(JWT_START, tmp_path, run)
    assert not is_told(KEY, tmp_path, run)
    assert keyless.code == 4
    assert "chat.toml, [users] jwt: expected a key in the variable CHAT_KEY" in keyless.output


def test_a_frame_that_nothing_describes_is_shown(tmp_path: Path, url: str) -> None:
    text = TARGET_FILE.replace("strict = true", "").replace("{{user}} is here", "{{user}} is there")
    run = load(tmp_path, "steady", file_of(tmp_path, url, text=text), *SHORT)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "chat.toml: expected frames that the target file describes, got {" in run.verdict["reason"]
    assert " is here" in run.verdict["reason"]
    assert run.rules("broken") == set()


def taught(folder: Path, *options: str, text: str = teaching.TARGET_FILE) -> FinishedLoad:
    """Run a load against the service that teaches names, pings, and has no echo."""
    with listening(sys.executable, "-m", "tests.load.teaching", *options) as address:
        return load(folder, "steady", file_of(folder, address, text=text), "-t", "6", "--rate", "4", "-r", "20")


@pytest.mark.parametrize("loses", [0, 50])
def test_names_are_learned_and_keep_alives_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loses: int
) -> None:
    monkeypatch.setenv("CHAT_KEY", KEY)
    run = taught(tmp_path, str(loses))

    assert run.rules("broken") == ({"DELIVER-1"} if loses else set()), run.output
    assert run.code == (1 if loses else 0), run.output
    assert run.rules("held") >= {"JOIN-1", "JOIN-2", "DELIVER-6", "CLOSE-1"}
    assert not is_told(JWT_START, tmp_path, run)


def test_an_opening_that_is_refused_shows_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service repeats it."""
    monkeypatch.setenv("CHAT_KEY", KEY)
    run = taught(tmp_path, text=teaching.TARGET_FILE.replace("{{token}}", "{{token}}.and.more"))

    assert (run.code, run.rules("broken")) == (3, set()), run.output
    assert "expected the first connection to be let in, got " in run.verdict["reason"]
    assert "{token}.and.more" in run.verdict["reason"]
    assert not is_told(JWT_START, tmp_path, run)
