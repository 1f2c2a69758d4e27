"""However a run ends, it ends with the verdict that it deserves."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roomproof.topologies.ports import reserved_port
from tests.faults.fault import RARITY
from tests.listening import PATIENCE, REFERENCE, ROOT, faulty, listening, served
from tests.load.locust import FinishedLoad, children, command, load, wait_a_second, when_talking
from tests.peers import servers

TWO = ("--processes", "2")

WORKERS_S = 60
"""Seconds that a master waits for workers, unless told otherwise."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("processes", [(), TWO], ids=["alone", "with workers"])
@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["the first process", "all processes"])
def test_a_signal_brings_the_verdict(
    tmp_path: Path, clean_server: str, number: int, processes: tuple[str, ...], kill: Callable[[int, int], None]
) -> None:
    def send(process: "subprocess.Popen[str]") -> None:
        kill(process.pid, number)

    run = load(tmp_path, "steady", clean_server, "-r", "20", *processes, meanwhile=when_talking(tmp_path, send))

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert "Traceback" not in run.output


def test_a_signal_does_not_interrupt_the_judging(tmp_path: Path) -> None:
    """There is so much to judge that the signal comes in the middle of the judging."""
    busy = ("-u", "20", "-r", "20", "--room-size", "20", "--rate", "100")
    with servers.node() as url:
        interrupt = when_talking(tmp_path, lambda process: process.send_signal(signal.SIGINT))
        run = load(tmp_path, "steady", url, *busy, meanwhile=interrupt)

    assert run.code in {0, 3}, run.output
    assert run.counts["lost"] == 0, run.output
    assert "Traceback" not in run.output


def test_rooms_of_two_workers_are_added_up(tmp_path: Path, clean_server: str) -> None:
    run = load(tmp_path, "steady", clean_server, *TWO, "-t", "8")

    assert run.code == 0, run.output
    assert (run.verdict["sockets"], run.verdict["rooms"]) == (20, 2)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["kill -9", "SIGTERM"])
def test_a_lost_worker_makes_the_run_inconclusive(tmp_path: Path, clean_server: str, number: int) -> None:
    def lose(process: "subprocess.Popen[str]") -> None:
        os.kill(children(process)[0], number)

    run = load(tmp_path, "steady", clean_server, *TWO, "-t", "16", meanwhile=when_talking(tmp_path, lose))

    assert run.code == 3, run.output
    assert "lost during the run: worker " in run.verdict["reason"]


def test_users_that_never_connect_are_missed(tmp_path: Path) -> None:
    """All others were served well, but the load that was asked for was never there."""
    with listening(sys.executable, "-m", "tests.load.slow_rooms", "--port", "0", "--database", ":memory:") as url:
        options = ("-u", "60", "-r", "60", "--room-size", "2", "-t", "8", "--slo", "rate>1")
        run = load(tmp_path, "steady", url, *options)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert " users had tried to connect for more than 5 s when the run ended" in run.verdict["reason"]
    assert "nothing was measured for rate>1" in run.verdict["reason"]
    assert run.verdict["counts"]["delivered"] > 0


def test_a_run_that_ends_in_its_ramp_is_inconclusive(tmp_path: Path, clean_server: str) -> None:
    run = load(tmp_path, "steady", clean_server, "-u", "400", "-r", "10", "-t", "3")

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert " of 400 users had connected when the run ended" in run.verdict["reason"]


def test_a_server_that_is_killed_is_blamed_or_named(tmp_path: Path) -> None:
    with served(*REFERENCE) as (url, server):
        run = load(tmp_path, "steady", url, "-t", "14", meanwhile=when_talking(tmp_path, lambda _: server.kill()))

    assert run.code in {1, 3}, run.output
    assert "got no proper answer" in run.verdict["reason"]
    assert "Traceback" not in run.output


def test_a_second_interrupt_makes_the_run_inconclusive(tmp_path: Path) -> None:
    """The last messages never arrive, and nobody waits long enough to know why."""
    with served(*REFERENCE) as (url, server):

        def interrupt_twice(process: "subprocess.Popen[str]") -> None:
            server.send_signal(signal.SIGSTOP)
            for _ in range(2):
                process.send_signal(signal.SIGINT)
                wait_a_second(tmp_path, process)

        run = load(tmp_path, "steady", url, "-t", "30", meanwhile=when_talking(tmp_path, interrupt_twice))

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "interrupted before everything that was due had its time" in run.verdict["reason"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
@pytest.mark.parametrize("gap", [0.005, 0.05, 0.15, 0.25])
def test_a_second_signal_changes_nothing_after_the_verdict(
    tmp_path: Path, clean_server: str, number: int, gap: float
) -> None:
    def send_twice(process: "subprocess.Popen[str]") -> None:
        process.send_signal(number)
        time.sleep(gap)
        process.send_signal(number)

    run = load(tmp_path, "steady", clean_server, meanwhile=when_talking(tmp_path, send_twice))

    assert (run.code, run.verdict["verdict"]) in {(0, "valid"), (3, "inconclusive")}, run.output
    assert "Traceback" not in run.output
    assert run.output.count("Shutting down") == 1


def test_the_exit_code_is_that_of_the_verdict(tmp_path: Path) -> None:
    """SIGTERM begins the end, the server stands still, and Ctrl-C is pressed twice."""
    with served(*REFERENCE) as (url, server):

        def press(process: "subprocess.Popen[str]") -> None:
            server.send_signal(signal.SIGSTOP)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGINT):
                process.send_signal(number)
                wait_a_second(tmp_path, process)

        run = load(tmp_path, "steady", url, "--rate", "5", "--deadline", "3", meanwhile=when_talking(tmp_path, press))

    assert (run.code, run.verdict["verdict"]) in {(1, "invalid"), (3, "inconclusive")}, run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("processes", [(), TWO], ids=["alone", "with workers"])
def test_a_server_that_is_not_there_is_named(tmp_path: Path, processes: tuple[str, ...]) -> None:
    began = time.monotonic()
    run = load(tmp_path, "steady", "http://127.0.0.1:9", "-t", "80", *processes)

    assert run.code == 3, run.output
    assert time.monotonic() - began < 60, "it ends at once, not after its time"
    assert "nothing was delivered on http://127.0.0.1:9" in run.verdict["reason"]


def test_an_overloaded_generator_blames_nobody(tmp_path: Path) -> None:
    """The server does much more with a core than a generator that verifies."""
    load_beyond_the_machine = ("-u", "20", "-r", "20", "-t", "12", "--rate", "400", "--room-size", "20")

    with servers.node() as url:
        run = load(tmp_path, "steady", url, *load_beyond_the_machine)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    # Where others use the machine as well, the server may be the first to be starved.
    assert any(why in run.verdict["reason"] for why in ("the load generator was overloaded", "got no proper answer"))
    assert run.rules("broken") == set()


def limit(descriptors: int | None) -> None:
    """Limit the file descriptors of this process."""
    if descriptors is not None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


def at_once(*options: str, descriptors: int | None = None) -> FinishedLoad:
    """Run a script that ends before its run begins."""
    locust = Path(sys.executable).with_name("locust")
    script = ROOT / "locustfiles" / "steady.py"
    ended = subprocess.run(
        [locust, "-f", script, "--headless", *options],
        preexec_fn=lambda: limit(descriptors),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return FinishedLoad(ended.returncode, ended.stdout)


def test_too_few_file_descriptors_is_one_sentence() -> None:
    run = at_once("--host", "http://127.0.0.1:9", "-u", "5000", descriptors=1000)

    sentences = [line for line in run.output.splitlines() if line.startswith("roomproof:")]
    assert run.code == 3, run.output
    assert len(sentences) == 1
    assert "expected at least 5100 file descriptors for 5000 users" in sentences[0]
    assert "Traceback" not in run.output


def test_a_worker_with_too_few_file_descriptors_is_missed(clean_server: str) -> None:
    """Only the worker knows its limit, which can be on another machine."""
    with (
        reserved_port() as port,
        subprocess.Popen(
            [*command("steady", clean_server), "--worker", "--master-port", str(port)],
            preexec_fn=lambda: limit(64),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        try:
            master = ("--master", "--master-bind-port", str(port), "--expect-workers", "1", "-t", "5")
            run = at_once("--host", clean_server, *master)
            output, _ = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()

    assert "roomproof: expected at least 100 file descriptors, the limit is 64" in output
    assert process.returncode == 3, output
    assert run.code == 3, run.output
    assert "lost during the run: worker " in run.output


def test_workers_that_never_come_make_the_run_inconclusive() -> None:
    with reserved_port() as port:
        master = (
            "--master",
            "--master-bind-port",
            str(port),
            "--expect-workers",
            "2",
            "--expect-workers-max-wait",
            "2",
        )
        run = at_once("--host", "http://127.0.0.1:9", *master)

    assert run.code == 3, run.output
    assert "INCONCLUSIVE: expected 2 workers within 2 s, 0 connected: " in run.output
    assert "Traceback" not in run.output


def test_workers_are_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved_port() as port:
        master = ("--master", "--master-bind-port", str(port), "--expect-workers", "1")
        monkeypatch.setattr("tests.load.test_ends.PATIENCE", 2 * WORKERS_S)
        run = at_once("--host", "http://127.0.0.1:9", *master)

    assert run.code == 3, run.output
    assert "INCONCLUSIVE: expected 1 worker within 60 s, 0 connected: " in run.output


@pytest.mark.parametrize(
    ("options", "told"),
    [
        pytest.param((), "expected the server as --host", id="no server"),
        pytest.param(("--host", "localhost"), "expected a target like http://host:port", id="no URL"),
        pytest.param(("--host", "http://h", "--slo", "fast"), "--slo: expected an objective like", id="no objective"),
        pytest.param(("--host", "http://h", "--rate", "much"), "expected --rate to be a number", id="no number"),
        pytest.param(("--host", "http://h", "--capability", "magic"), "unknown capability 'magic'", id="no capability"),
        pytest.param(("--host", "http://h", "--results", "/no/such/x"), "cannot write the result file", id="no folder"),
        pytest.param(("--host", "http://h", "--results", "/tmp"), "cannot write the result file", id="no file"),
    ],
)
def test_an_impossible_option_is_refused_at_once(options: tuple[str, ...], told: str) -> None:
    run = at_once(*options)

    assert run.code == 2, run.output
    assert told in run.output
    assert "Traceback" not in run.output


def test_a_script_is_found_by_its_name(tmp_path: Path, clean_server: str) -> None:
    words = [sys.executable, "-m", "roomproof", "load", "steady", "--headless", "--host", clean_server, "-t", "3"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("VALID: ")


def test_json_is_alone_on_stdout(tmp_path: Path, clean_server: str) -> None:
    ended = subprocess.run(
        [*command("steady", clean_server), "--json", "-t", "2"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert {entry["method"] for entry in json.loads(ended.stdout)} == {"WS"}
    assert ended.stderr.splitlines()[-1].startswith("VALID: ")


def test_an_unknown_script_is_a_usage_error(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "roomproof", "load", "stedy"]
    ended = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)

    assert ended.returncode == 4
    assert (
        "expected a script (capacity, churn, rooms, slow_reader, steady, storm, strangers), got 'stedy'" in ended.stderr
    )


def test_a_run_without_anything_but_a_server(tmp_path: Path) -> None:
    """Its defaults are twenty users and sixty seconds; it is stopped before its end."""
    with listening(*REFERENCE) as url:
        run = load(tmp_path, "steady", url, meanwhile=when_talking(tmp_path, lambda process: process.terminate()))

    assert run.code == 0, run.output
    assert run.verdict["sockets"] == 20
    assert "Run time limit set to 60 seconds" in run.output


@pytest.mark.parametrize("words", [["locust", "-f", "locustfiles/steady.py"], ["roomproof", "load", "steady"]])
def test_no_report_is_lost_in_a_small_encoding(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    """The witness of a finding has texts that ASCII cannot express."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    program = Path(sys.executable).with_name(words[0])
    monkeypatch.setenv(RARITY, "30")
    with listening(*faulty("some doubled")) as url:
        ended = subprocess.run(
            [program, *words[1:], "--headless", "--host", url, "-u", "4", "-r", "4", "-t", "3", "--rate", "4"],
            cwd=ROOT,
            capture_output=True,
            encoding="ascii",
            timeout=PATIENCE,
            check=False,
        )

    assert ended.returncode == 1, ended.stderr
    assert "  duplicated (DELIVER-3), at user " in ended.stdout
    assert "delivered and verified" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_a_run_whose_output_nobody_reads_ends_normally(tmp_path: Path, clean_server: str) -> None:
    """`| head -1` hangs up long before the verdict."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write) as hung_up:
        ended = subprocess.run(
            [*command("steady", clean_server), "-t", "2"],
            cwd=tmp_path,
            stdout=hung_up,
            stderr=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert ended.returncode == 0, ended.stderr
    assert "BrokenPipe" not in ended.stderr
