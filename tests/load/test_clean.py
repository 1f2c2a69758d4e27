"""A server that keeps its promises is valid under every kind of load."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.faults.freedoms import FREEDOMS
from tests.listening import REFERENCE, faulty, listening, served
from tests.load.locust import load, wait_until, when_talking
from tests.suite.front import TOKEN, certified, front

TALK = {"DELIVER-1", "DELIVER-2", "DELIVER-3", "DELIVER-4", "DELIVER-5", "ORDER-1", "JOIN-1", "CLOSE-1"}
GOING = {"LEAVE-1", "LEAVE-2", "LEAVE-3", "DELIVER-10", "DELIVER-11", "DELIVER-12", "CLOSE-2"}


@pytest.mark.parametrize(
    ("script", "rules"),
    [
        pytest.param("steady", TALK, id="steady"),
        pytest.param("churn", TALK | GOING, id="churn"),
        pytest.param("rooms", (TALK - {"DELIVER-5"}) | (GOING - {"DELIVER-12"}), id="rooms"),
        pytest.param("strangers", TALK | {"LEAVE-1", "LEAVE-2", "DELIVER-10"}, id="strangers"),
        pytest.param("storm", TALK | {"LEAVE-2", "DELIVER-10", "DELIVER-12"}, id="storm"),
        pytest.param("slow_reader", TALK, id="slow_reader"),
    ],
)
def test_the_clean_server_is_valid(tmp_path: Path, clean_server: str, script: str, rules: set[str]) -> None:
    run = load(tmp_path, script, clean_server, "-u", "30", "-r", "100", "-t", "13", "--rate", "4")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= rules
    assert run.rules("broken") == set()
    assert "Traceback" not in run.output


def test_slow_readers_hold_nobody_up(tmp_path: Path, clean_server: str) -> None:
    """Rate and size are those of the script, large enough for the server to notice."""
    run = load(tmp_path, "slow_reader", clean_server, "-u", "10", "--deadline", "2", "-t", "40")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.counts["swamped"]
    assert "CLOSE-4" in run.rules("held")


def test_a_server_that_reads_nothing_for_a_while_is_waited_for(tmp_path: Path) -> None:
    """The pause is longer than its buffers last: messages are not sent, and counted."""
    much = ("-u", "4", "-r", "4", "--room-size", "2", "--rate", "200", "--message-bytes", "3900", "-t", "30")
    with served(*REFERENCE) as (url, server):

        def pause(process: "subprocess.Popen[str]") -> None:
            server.send_signal(signal.SIGSTOP)
            wait_until(tmp_path, process, lambda seconds: [second["sent"] for second in seconds[-2:]] == [0, 0])
            server.send_signal(signal.SIGCONT)

        run = load(tmp_path, "steady", url, *much, meanwhile=when_talking(tmp_path, pause))

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert " given up because the server did not read" in run.output


@pytest.mark.parametrize("script", ["steady", "churn"])
def test_a_server_behind_tls_is_valid(tmp_path: Path, clean_server: str, script: str) -> None:
    authority, tls = certified(tmp_path)
    options = ("--ca", str(authority), "--header", f"Authorization: {TOKEN}", "-t", "8", "--rate", "5")
    with front(clean_server, tls) as url:
        run = load(tmp_path, script, url, *options)

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert run.rules("held") >= TALK
    assert "Traceback" not in run.output
    assert run.counts["delivered"] > run.counts["sent"] > 300


@pytest.mark.parametrize("name", FREEDOMS)
def test_a_server_may_differ_from_the_reference_server(tmp_path: Path, name: str) -> None:
    with listening(*faulty(name)) as url:
        run = load(tmp_path, "churn", url, "-t", "8", "--rate", "4", "--room-size", "5")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output


def test_the_result_file_describes_the_run(tmp_path: Path, clean_server: str) -> None:
    objectives = ("--slo", "deliver.p99<4s", "--slo", "rate>10,sockets>=20")
    run = load(tmp_path, "steady", clean_server, "-t", "6", "--rate", "5", "--seed", "soup", *objectives)

    first, verdict = run.lines[0], run.verdict
    assert run.code == 0, run.output
    assert (first["kind"], first["tool"], first["seed"]) == ("run", "roomproof", "soup")
    assert len(run.of("interval")) >= 5
    assert {"sent", "delivered", "sockets", "p50", "p99", "lag_ms"} <= run.of("interval")[3].keys()
    assert sum(line["delivered"] for line in run.of("interval")) == run.counts["delivered"]
    assert run.counts["delivered"] > run.counts["sent"] > 0
    assert run.counts["lost"] == run.counts["duplicated"] == run.counts["dropped_sends"] == 0
    assert verdict["latency_us"].keys() == {"p50", "p90", "p99", "p999", "max"}
    assert verdict["generator"].keys() == {"cpu_us_per_delivery", "lag_ms_p99", "rss_bytes_per_socket"}


def test_the_capacity_is_found(tmp_path: Path, clean_server: str) -> None:
    options = ("--most-users", "40", "--step-seconds", "3", "-r", "40")
    run = load(tmp_path, "capacity", clean_server, *options, "--slo", "deliver.p99<4s")

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert [line["users"] for line in run.of("step")] == [20, 40]
    assert run.verdict["capacity"] == {"users": 40, "rate": run.of("step")[1]["rate"], "too_many": None}
    assert run.rules("held") >= TALK
    assert run.counts["delivered"] == run.of("step")[1]["counts"]["delivered"]
    assert "VALID: capacity: at least 40 users" in run.output.splitlines()[-1]
    assert (tmp_path / "results-step-2.jsonl").exists()


def test_a_server_that_meets_no_objective_has_no_capacity(tmp_path: Path, clean_server: str) -> None:
    run = load(tmp_path, "capacity", clean_server, "--step-seconds", "2", "--slo", "deliver.p50<1us")

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert [line["users"] for line in run.of("step")] == [20, 10]
    assert run.verdict["capacity"] == {"users": None, "rate": None, "too_many": 10}


def test_a_missed_objective_is_invalid(tmp_path: Path, clean_server: str) -> None:
    run = load(tmp_path, "steady", clean_server, "-t", "5", "--slo", "deliver.p50<1us")

    assert (run.code, run.verdict["verdict"]) == (1, "invalid"), run.output
    assert "deliver.p50<1us is missed: deliver.p50 is " in run.output
    assert run.rules("broken") == set()
