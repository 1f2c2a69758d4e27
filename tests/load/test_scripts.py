"""Errors of the user's own script are never a valid run."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.listening import PATIENCE
from tests.load.locust import run_script

ROOM_USER = """
from locust import HttpUser, constant, task
from roomproof.load.user import RoomUser

class Talker(RoomUser):
    @task
    def talk(self):
        self.say()
"""

RAISING = """
    @task
    def broken(self):
        raise ValueError("my own bug")
"""

POLLING = """
class Poller(HttpUser):
    wait_time = constant(0.2)

    @task
    def poll(self):
        self.client.get("/nope")
"""


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        pytest.param(RAISING, "in tasks of the script, the first one: ValueError: my own bug", id="a task"),
        pytest.param(POLLING, "of the script failed, the first one: GET /nope: 404", id="a request"),
    ],
)
def test_errors_of_a_script_make_its_run_inconclusive(
    tmp_path: Path, clean_server: str, rest: str, sentence: str
) -> None:
    script = tmp_path / "own.py"
    script.write_text(ROOM_USER + rest)
    ended = run_script(script, clean_server, "-u", "4", "-r", "4", "-t", "3", "--room-size", "2")

    assert ended.returncode == 3, ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("INCONCLUSIVE: ")
    assert sentence in ended.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "told"),
    [("def broken(:\n", "SyntaxError: "), ("import no_such_module\n", "ModuleNotFoundError: No module named")],
    ids=["a syntax error", "an import"],
)
def test_a_script_that_cannot_be_imported_is_inconclusive(tmp_path: Path, text: str, told: str) -> None:
    script = tmp_path / "own.py"
    script.write_text(text)
    words = [sys.executable, "-m", "roomproof", "load", "steady", "-f", str(script), "--headless", "--host", "http://h"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert ended.returncode == 3, ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert last.startswith(f"INCONCLUSIVE: expected a load script that can be imported, got {told}")
