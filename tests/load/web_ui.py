"""Locust's web UI, as its page uses it."""

import contextlib
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import urllib3

from roomproof.topologies.ports import reserved_port
from tests.load.locust import PATIENCE, command, end_group, master_port

FORM = {"user_count": "12", "spawn_rate": "50", "room_size": "4", "rate": "5", "message_bytes": "200", "seed": "soup"}


Rows = dict[str, tuple[str, str]]


class WebUi:
    """The requests that the page of Locust sends."""

    def __init__(self, url: str, server: str) -> None:
        self.url = url
        self._server = server
        self._http = urllib3.PoolManager(retries=False)

    def get(self, path: str) -> urllib3.BaseHTTPResponse:
        return self._http.request("GET", self.url + path)

    def start(self, **fields: str) -> urllib3.BaseHTTPResponse:
        return self._http.request("POST", f"{self.url}/swarm", fields={**FORM, "host": self._server, **fields})

    def stop(self) -> None:
        assert self._http.request("POST", f"{self.url}/stop").status == 200

    def workers(self) -> int:
        """Return the number of workers; 0 while the master starts and does not answer."""
        try:
            return len(self.get("/stats/requests").json()["workers"])
        except (urllib3.exceptions.HTTPError, ValueError):
            return 0

    def rows(self) -> Rows:
        """Return the rows of the Roomproof tab: value and detail by name."""
        (table,) = self.get("/stats/requests").json()["extended_stats"]
        assert table["key"] == "roomproof"
        return {row["what"]: (row["value"], row["detail"]) for row in table["data"]}

    def wait_for(self, holds: Callable[[Rows], bool]) -> Rows:
        deadline = time.monotonic() + PATIENCE
        while True:
            rows = self.rows()
            if holds(rows):
                return rows
            assert time.monotonic() < deadline, rows
            time.sleep(0.1)


@contextlib.contextmanager
def web_ui(folder: Path, server: str, *options: str, script: str = "steady") -> Iterator[WebUi]:
    """Run Locust with its web UI until the context ends."""
    with contextlib.ExitStack() as until_end:
        port = until_end.enter_context(reserved_port())
        words = ("--web-host", "127.0.0.1", "--web-port", str(port), *until_end.enter_context(master_port(options)))
        log = until_end.enter_context((folder / "log.txt").open("w"))
        process = subprocess.Popen(
            command(script, server, *words, *options, headless=False),
            cwd=folder,
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        until_end.callback(process.wait, PATIENCE)
        until_end.callback(end_group, process)
        ui = WebUi(f"http://127.0.0.1:{port}", server)
        deadline = time.monotonic() + PATIENCE
        while True:
            with contextlib.suppress(urllib3.exceptions.HTTPError):
                if ui.get("/").status == 200:
                    break
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline, "the web UI does not answer"
            time.sleep(0.1)
        yield ui


def talks(rows: Rows) -> bool:
    return rows["verdict"][0] == "running" and int(rows["delivered"][0]) > 100


def has(sockets: str) -> Callable[[Rows], bool]:
    """Return a condition: this many sockets are open."""
    return lambda rows: rows.get("sockets", ("", ""))[0] == sockets


def ends(rows: Rows) -> bool:
    return rows["verdict"][0] in {"valid", "invalid", "inconclusive"}
