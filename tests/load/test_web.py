"""Runs in the web UI of Locust: each press of Start is a run of its own."""

import signal
from pathlib import Path

import pytest

from tests.listening import REFERENCE, faulty, listening, served
from tests.load.web_ui import ends, has, talks, web_ui


@pytest.mark.parametrize("workers", [(), ("--processes", "2")], ids=["alone", "with workers"])
def test_each_press_of_start_is_a_run_of_its_own(tmp_path: Path, clean_server: str, workers: tuple[str, ...]) -> None:
    with web_ui(tmp_path, clean_server, *workers) as ui:
        assert ui.rows()["verdict"][0] == "none yet"
        sent = []
        for users in ("12", "8"):
            ui.start(user_count=users)
            # A user may still be connecting when the others already talk.
            ui.wait_for(has(users))
            rows = ui.wait_for(lambda rows: talks(rows) and {"connect", "join", "deliver", "spread"} <= rows.keys())
            assert rows["sockets"][0] == users
            assert rows["deliver"][0].startswith("p99 ")
            ui.stop()
            rows = ui.wait_for(ends)
            assert rows["verdict"][0] == "valid", rows
            sent.append(int(rows["sent"][0]))
        assert sent[0] > 0
        assert sent[1] > 0
    assert "Traceback" not in (tmp_path / "log.txt").read_text()


def test_the_tab_says_what_is_overdue(tmp_path: Path) -> None:
    """The server stands still, and goes on before the run ends."""
    with served(*REFERENCE) as (url, server), web_ui(tmp_path, url) as ui:
        ui.start(deadline="1")
        ui.wait_for(lambda rows: talks(rows) and "none overdue" in rows["deliveries"][1])
        server.send_signal(signal.SIGSTOP)
        rows = ui.wait_for(lambda rows: "overdue, the oldest for 3 s" in rows["verdict"][1])
        server.send_signal(signal.SIGCONT)
        ui.wait_for(lambda rows: "none overdue" in rows["deliveries"][1])
        ui.stop()
        ended = ui.wait_for(ends)

    assert rows["verdict"][1].startswith("no findings so far, but ")
    assert " outstanding; " in rows["deliveries"][1]
    delivered, _, due, _ = ended["deliveries"][0].split()
    assert delivered == due, ended


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


def test_the_tab_names_an_impossible_value_of_the_form(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server) as ui:
        ui.start(slo="soon")
        rows = ui.wait_for(lambda rows: bool(rows["verdict"][1]))
        ui.stop()

        assert "expected an objective like deliver.p99<250ms" in rows["verdict"][1]
        ui.start(slo="deliver.p99<4s, rate>1")
        # A rate needs more than the ramp.
        ui.wait_for(lambda rows: talks(rows) and int(rows["delivered"][0]) > 600)
        ui.stop()
        rows = ui.wait_for(ends)
        assert rows["verdict"][0] == "valid", rows


def test_an_impossible_search_starts_no_users(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server, script="capacity") as ui:
        ui.start(step_seconds="soon")
        rows = ui.wait_for(lambda rows: bool(rows["verdict"][1]))

        assert rows["verdict"][0] == "none yet"
        assert "--step-seconds" in rows["verdict"][1]
        assert "sockets" not in rows


def test_a_search_for_the_capacity_shows_its_steps(tmp_path: Path, clean_server: str) -> None:
    with web_ui(tmp_path, clean_server, script="capacity") as ui:
        ui.start(user_count="8", most_users="16", step_seconds="2", slo="deliver.p99<4s")
        rows = ui.wait_for(lambda rows: "capacity" in rows and rows["capacity"][0] == "valid")

    assert rows["8 users"][0] == rows["16 users"][0] == "valid"
    assert "at least 16 users" in rows["capacity"][1]


def test_a_search_that_is_stopped_names_the_fault(tmp_path: Path) -> None:
    """Only the run of the current step knows the fault, and only at its end."""
    with listening(*faulty("leak to all rooms")) as url, web_ui(tmp_path, url, script="capacity") as ui:
        ui.start(step_seconds="60")
        ui.wait_for(talks)
        ui.stop()
        rows = ui.wait_for(lambda rows: "capacity" in rows and rows["capacity"][0] != "searching")

    assert rows["capacity"][0] == "invalid", rows
    assert "with 12 users: " in rows["capacity"][1]
    assert "leaked" in rows["capacity"][1]
