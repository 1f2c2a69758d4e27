"""Runs that are started and stopped in Locust's web UI: each press of Start is a run of its own."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3

from roomproof.topologies.ports import free_port
from tests.load.locust import PATIENCE, command, end_group

FORM = {"user_count": "12", "spawn_rate": "50", "room_size": "4", "rate": "5", "message_bytes": "200", "seed": "soup"}


class WebUi:
    """What the page of Locust asks for and sends."""

    def __init__(self, port: int, server: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._server = server
        self._http = urllib3.PoolManager(retries=False)

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._http.request("GET", self.url + path)

    def start(self, **fields: str) -> urllib3.BaseHTTPResponse:
        return self._http.request("POST", f"{self.url}/swarm", fields={**FORM, "host": self._server, **fields})

    def stop(self) -> None:
        assert self._http.request("POST", f"{self.url}/stop").status == 200

    def rows(self) -> dict[str, tuple[str, str]]:
        """The rows of the Roomproof tab: value and detail by what they are about."""
        (table,) = self.get("/stats/requests").json()["extended_stats"]
        assert table["key"] == "roomproof"
        return {row["what"]: (row["value"], row["detail"]) for row in table["data"]}

    def wait_for(self, holds: Callable[[dict[str, tuple[str, str]]], bool]) -> dict[str, tuple[str, str]]:
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = self.rows()
            if holds(rows):
                return rows
            assert time.monotonic() < deadline, rows
            time.sleep(0.1)


@contextlib.contextmanager
def web_ui(folder: Path, server: str, *options: str, script: str = "steady") -> Iterator[WebUi]:
    """Locust with its web UI; ends with the context."""
    port = free_port()
    arguments = command(script, server, "--web-host", "127.0.0.1", "--web-port", str(port), *options, headless=False)
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(arguments, cwd=folder, stdout=log, stderr=log, text=True, start_new_session=True)
    try:
        ui = WebUi(port, server)
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                if ui.get("/").status == 200:
                    break
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline, "the web UI does not answer"
            time.sleep(0.1)
        yield ui
    finally:
        end_group(process)
        process.wait(PATIENCE)


def talks(rows: dict[str, tuple[str, str]]) -> bool:
    return rows["verdict"][0] == "running" and int(rows["delivered"][0]) > 100


def ends(rows: dict[str, tuple[str, str]]) -> bool:
    return rows["verdict"][0] in {"valid", "invalid", "inconclusive"}


@pytest.mark.parametrize("workers", [(), ("--processes", "2")], ids=["alone", "with workers"])
def test_each_press_of_start_is_a_run_of_its_own(tmp_path: Path, clean_server: str, workers: tuple[str, ...]) -> None:
    with web_ui(tmp_path, clean_server, *workers) as ui:
        assert ui.rows()["verdict"][0] == "none yet"
        sent = []
        for users in ("12", "8"):
            ui.start(user_count=users)
            rows = ui.wait_for(lambda rows: talks(rows) and {"connect", "join", "deliver", "spread"} <= rows.keys())
            assert rows["sockets"][0] == users
            ui.stop()
            rows = ui.wait_for(ends)
            assert rows["verdict"][0] == "valid", rows
            sent.append(int(rows["sent"][0]))
        assert sent[0] > 0
        assert sent[1] > 0
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


def test_the_form_has_the_options_but_no_file(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server) as ui:
        page = ui.get("/").data.decode()
        for option in ("room_size", "rate", "message_bytes", "slo", "seed"):
            assert f'"{option}"' in page or f"&#34;{option}&#34;" in page, option
        assert "results" not in page.replace("results_", "")

        ui.start(results=str(tmp_path / "stolen.jsonl"), ca="/etc/passwd")
        ui.wait_for(talks)
        ui.stop()
        ui.wait_for(ends)

        ui.start(host="/etc/passwd.toml")
        told = ui.wait_for(lambda rows: "on the command line only" in rows["verdict"][1])
        assert told["verdict"][0] == "none yet"

    assert not list(tmp_path.glob("*.jsonl"))


def test_what_the_form_cannot_mean_is_told_in_the_tab(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server) as ui:
        ui.start(slo="soon")
        rows = ui.wait_for(lambda rows: bool(rows["verdict"][1]))
        ui.stop()

        assert "expected an objective like deliver.p99<250ms" in rows["verdict"][1]
        ui.start(slo="deliver.p99<4s, rate>1")
        ui.wait_for(talks)
        ui.stop()
        assert ui.wait_for(ends)["verdict"][0] == "valid"


def test_a_search_for_the_capacity_shows_its_steps(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server, script="capacity") as ui:
        ui.start(user_count="8", most_users="16", step_seconds="2", slo="deliver.p99<4s")
        rows = ui.wait_for(lambda rows: "capacity" in rows and rows["capacity"][0] == "valid")

    assert rows["8 users"][0] == rows["16 users"][0] == "valid"
    assert "at least 16 users" in rows["capacity"][1]
