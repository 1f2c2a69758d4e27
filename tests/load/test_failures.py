"""Locust shows the findings of a run as failures, wherever it shows failures."""

import csv
import json
import signal
from pathlib import Path

import pytest

from tests.faults.fault import RARITY
from tests.listening import faulty, listening
from tests.load.locust import load, run_script, when_talking

SCRIPT = """
import collections
import sys
from locust import events, task
from roomproof.load.user import RoomUser

heard = collections.Counter()

@events.request.add_listener
def on_request(name, exception, **_):
    heard[f"{name} {exception or 'succeeded'}"] += 1

@events.quit.add_listener
def on_quit(**_):
    print("heard", dict(heard), file=sys.stderr, flush=True)

class Steady(RoomUser):
    @task
    def talk(self):
        self.keep_talking()
"""


def rows_of(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(file.read_text().splitlines()))


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["alone", "with workers"])
def test_lost_messages_are_failures_in_table_and_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, processes: tuple[str, ...]
) -> None:
    monkeypatch.setenv(RARITY, "50")
    files = ("--csv", str(tmp_path / "run"), "--html", str(tmp_path / "run.html"))
    with listening(*faulty("some lost for one")) as url:
        run = load(tmp_path, "steady", url, "-u", "20", "-r", "20", "-t", "5", "--rate", "4", *processes, *files)

    lost = run.counts["lost"]
    (failure,) = rows_of(tmp_path / "run_failures.csv")
    rows = {row["Name"]: row for row in rows_of(tmp_path / "run_stats.csv")}
    assert (run.code, lost > 10) == (1, True), run.output
    assert (failure["Method"], failure["Name"]) == ("WS", "deliver")
    assert (failure["Error"], int(failure["Occurrences"])) == ("lost (DELIVER-1)", lost)
    assert int(rows["deliver"]["Failure Count"]) == int(rows["Aggregated"]["Failure Count"]) == lost
    assert int(rows["deliver"]["Request Count"]) == run.counts["delivered"] + lost
    assert '"error": "lost (DELIVER-1)"' in (tmp_path / "run.html").read_text()
    assert f"{lost:<18} WS deliver: lost (DELIVER-1)" in run.output


def test_the_report_of_an_interrupted_run_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust writes its report at Ctrl-C, before what is due has had its time."""
    monkeypatch.setenv(RARITY, "50")
    files = ("--csv", str(tmp_path / "run"), "--html", str(tmp_path / "run.html"))
    with listening(*faulty("some lost for one")) as url:
        interrupt = when_talking(tmp_path, lambda process: process.send_signal(signal.SIGINT))
        run = load(tmp_path, "steady", url, "-r", "20", "--rate", "4", *files, meanwhile=interrupt)

    (failure,) = rows_of(tmp_path / "run_failures.csv")
    assert (run.code, int(failure["Occurrences"])) == (1, run.counts["lost"]), run.output
    assert f'"occurrences": {run.counts["lost"]}' in (tmp_path / "run.html").read_text()


def test_listeners_to_requests_get_deliveries_and_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RARITY, "50")
    script, results = tmp_path / "own.py", tmp_path / "results.jsonl"
    script.write_text(SCRIPT)
    with listening(*faulty("some lost for one")) as url:
        ended = run_script(script, url, "-u", "10", "-r", "10", "-t", "4", "--results", str(results))

    counts = json.loads(results.read_text().splitlines()[-1])["counts"]
    assert (ended.returncode, counts["lost"] > 0) == (1, True), ended.stderr
    assert counts["requests_failed"] == 0, "findings are no errors of the script"
    (heard,) = (line for line in ended.stderr.splitlines() if line.startswith("heard "))
    assert f"'deliver succeeded': {counts['delivered']}" in heard
    assert f"'deliver lost (DELIVER-1)': {counts['lost']}" in heard
