"""The suite speaks the dialect of a target file, and shows no secret of a user."""

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from roomproof.topologies.embedded import FAR_ZONE
from tests.faults.forked import serving
from tests.faults.server import TRANSLATED
from tests.faults.translated import TARGET_FILE
from tests.suite.verify import clean_environment, verify

OPTIONS = ("--port", "0", "--database", ":memory:", "--log-level", "error")
SOME = ("test_order.py", "test_join.py", "test_leave.py")

SECRET = "opensesame-0123456789"
KEY = "a-key-of-at-least-thirty-two-bytes!"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(TRANSLATED, "clean", *OPTIONS, zone=FAR_ZONE) as address:
        yield address


def file_of(folder: Path, url: str, *lines: str, text: str = TARGET_FILE) -> str:
    file = folder / "chat.toml"
    file.write_text(text.format(url=url) + "\n".join(lines))
    return str(file)


def roomproof(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "roomproof", *words]
    return subprocess.run(
        command, cwd=folder, env=clean_environment(), capture_output=True, text=True, timeout=60, check=False
    )


def test_every_frame_is_shown_with_its_reading(tmp_path: Path, url: str) -> None:
    shown = roomproof(tmp_path, "dialect", file_of(tmp_path, url))

    assert shown.returncode == 0, shown.stdout + shown.stderr
    for reading in ("bob joined", "message: 'good day'", "message of alice: 'good day'", "each hears the other"):
        assert reading in shown.stdout


def test_a_wrong_dialect_is_told_frame_by_frame(tmp_path: Path, url: str) -> None:
    text = TARGET_FILE.replace('when = {{event = "notice", text = "{{user}} is here"}}', 'when = {{event = "hi"}}')
    shown = roomproof(tmp_path, "dialect", file_of(tmp_path, url, text=text.replace("strict = true\n", "")))

    assert shown.returncode in (3, 4), shown.stdout + shown.stderr


def test_histories_in_a_dialect_are_judged_alone(tmp_path: Path, url: str) -> None:
    run = verify(tmp_path, file_of(tmp_path, url), *SOME, "--histories", "h", "-n", "2")
    histories = sorted(str(file) for file in (tmp_path / "h").glob("*.jsonl"))

    judged = roomproof(tmp_path, "judge", *histories)

    assert run.code == 0, run.output
    assert judged.returncode == 0, judged.stdout + judged.stderr


def test_a_verdict_and_its_timelines_speak_of_the_dialect(tmp_path: Path) -> None:
    with serving(TRANSLATED, "echo missing", *OPTIONS, zone=FAR_ZONE) as address:
        run = verify(tmp_path, file_of(tmp_path, address), "-k", "the_sender_hears_the_echo", "--deadline", "0.5")

    share = run.verdict["expressible"]
    assert run.code == 1, run.output
    assert "rooms" in share["without"]
    assert f"can express {share['musts']} of the {share['of']} MUSTs of PROTOCOL.md" in run.verdict["reason"]
    assert re.search(r"> \{\"event\":\"chat\",\"text\":\".*\"\}  \[message: '", run.output), run.output


def test_users_of_a_file_prove_who_they_are_in_secret(tmp_path: Path, url: str) -> None:
    rows = "\n".join(f"u{number},{SECRET}{number}" for number in range(50))
    (tmp_path / "people.csv").write_text(f"user,token\n{rows}\n")
    text = TARGET_FILE.replace('query = {{name = "{{user}}"}}', 'query = {{name = "{{user}}", token = "{{token}}"}}')
    target = file_of(tmp_path, url, "", "[users]", 'file = "people.csv"', text=text)

    run = verify(tmp_path, target, *SOME, "--histories", "h", "-v", "-n", "2")

    written = "".join(file.read_text() for file in (tmp_path / "h").glob("*.jsonl"))
    assert run.code == 0, run.output
    assert '"u0"' in written
    assert SECRET not in run.output + written + (tmp_path / "results.jsonl").read_text()


def test_a_token_in_what_is_said_is_written_nowhere(tmp_path: Path, url: str) -> None:
    """Neither in usual frames, nor in fragments, nor in frames that are no frames."""
    rows = "\n".join(f"u{number},{SECRET}{number}" for number in range(50))
    (tmp_path / "people.csv").write_text(f"user,token\n{rows}\n")
    text = TARGET_FILE.replace(
        '{{event = "chat", text = "{{content}}"}}', '{{event = "chat", text = "{{content}}", pass = "{{token}}"}}'
    )
    target = file_of(tmp_path, url, "", "[users]", 'file = "people.csv"', text=text)
    rules = [word for rule in ("DELIVER-13", "FRAME-8", "FRAME-9") for word in ("--rule", rule)]

    run = verify(tmp_path, target, *rules, "--histories", "h", "-v")

    written = "".join(file.read_text() for file in (tmp_path / "h").glob("*.jsonl"))
    unmasked = [json.loads(line)["payload"] for line in written.splitlines() if '"violating"' in line]
    assert run.code == 0, run.output
    assert '\\"pass\\":' in written
    assert unmasked
    assert SECRET not in run.output + written + (tmp_path / "results.jsonl").read_text()
    assert not any(SECRET.encode() in base64.b64decode(payload) for payload in unmasked)


def test_tokens_are_minted_with_the_key_of_a_variable(tmp_path: Path, url: str) -> None:
    text = TARGET_FILE.replace('query = {{name = "{{user}}"}}', 'query = {{name = "{{user}}", token = "{{token}}"}}')
    target = file_of(tmp_path, url, "", "[users]", 'jwt = {secret_env = "CHAT_KEY"}', text=text)

    run = verify(tmp_path, target, "test_order.py", "--histories", "h", environment={"CHAT_KEY": KEY})
    without_key = verify(tmp_path, target, "test_order.py")

    written = "".join(file.read_text() for file in (tmp_path / "h").glob("*.jsonl"))
    assert run.code == 0, run.output
    assert KEY not in run.output + written
    assert "eyJ" not in run.output + written
    assert without_key.code == 4
    assert "chat.toml" in without_key.output
    assert "CHAT_KEY" in without_key.output


@pytest.mark.parametrize(
    ("lines", "parts"),
    [
        pytest.param(["[users]", 'file = "nobody.csv"'], ["chat.toml, [users] file", "nobody.csv"], id="no such file"),
        pytest.param(["[users]", 'command = "false"'], ["chat.toml, [users] command", "exit code"], id="a failure"),
        pytest.param(["[users]", 'command = "echo hello"'], ["chat.toml, [users] command"], id="nonsense"),
        pytest.param(["[users]", "command = 'a \"'"], ["[users] command", "no closing quotation"], id="an open quote"),
        pytest.param(["[users]", 'command = ""'], ["[users] command", "an empty text"], id="no command"),
        pytest.param(["[users]", 'file = "few.csv"'], ["[users] file", "at least 50 users", "2 rows"], id="few users"),
        pytest.param(["[heartbeats]"], ["keys", "heartbeats"], id="an unknown table"),
    ],
)
def test_bad_input_is_told_before_any_contact(tmp_path: Path, lines: list[str], parts: list[str]) -> None:
    text = TARGET_FILE.replace('query = {{name = "{{user}}"}}', 'query = {{name = "{{user}}", token = "{{token}}"}}')
    (tmp_path / "few.csv").write_text("user,token\na,1\nb,2\n")
    text = TARGET_FILE if "heartbeats" in lines[0] else text
    run = verify(tmp_path, file_of(tmp_path, "http://127.0.0.1:1", "", *lines, text=text), "test_order.py")

    assert run.code == 4, run.output
    assert all(part in run.output for part in parts), run.output


def test_a_look_tells_of_wrong_names(tmp_path: Path, url: str) -> None:
    rows = "\n".join(f"u{number},nick{number}" for number in range(50))
    (tmp_path / "people.csv").write_text(f"user,nick\n{rows}\n")
    target = file_of(tmp_path, url, "", "[users]", 'file = "people.csv"', 'known_as = "{nick}"')

    shown = roomproof(tmp_path, "dialect", target)

    assert shown.returncode == 3, shown.stdout + shown.stderr
    assert "expected nick0 as the sender of 'good day' at nick1, got u0; correct known_as" in shown.stdout
