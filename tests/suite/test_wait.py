"""The option --wait: the run begins once the target answers."""

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.listening import in_threads
from tests.suite.verify import verify


class Starting(BaseHTTPRequestHandler):
    """A server behind a front: the first answers come from the front alone."""

    left = 0

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        type(self).left -= 1
        self.send_response(503 if type(self).left >= 0 else 418)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(("wait", "status"), [((), "503"), (("--wait", "60"), "418")], ids=["at once", "after waiting"])
def test_a_run_waits_until_the_target_answers(tmp_path: Path, wait: tuple[str, ...], status: str) -> None:
    Starting.left = 3
    with in_threads(Starting) as address:
        run = verify(tmp_path, "--target", f"http://{address}", *wait)

    assert run.verdict["verdict"] != "valid"
    assert status in run.verdict["reason"]


def test_waiting_ends(tmp_path: Path) -> None:
    Starting.left = 10**6
    with in_threads(Starting) as address:
        run = verify(tmp_path, "--target", f"http://{address}", "--wait", "0.5")

    assert "503" in run.verdict["reason"]


@pytest.mark.parametrize("seconds", ["-1", "5000", "nan"])
def test_a_wait_that_cannot_be_is_a_usage_error(tmp_path: Path, seconds: str) -> None:
    run = verify(tmp_path, "--target", "http://127.0.0.1:1", "--wait", seconds)

    assert run.code == 4
    assert "expected a --wait from 0 to 3600 seconds" in run.output
