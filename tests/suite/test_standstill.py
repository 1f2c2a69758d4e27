"""A server that takes a tester for dead who stands still is not accused."""

import signal
import subprocess
import sys
from pathlib import Path

from tests.server.process import eventually, running
from tests.suite.verify import RUN_SECONDS, Run, clean_environment, read, usual_options

HEARTBEAT = "1"


def test_links_that_end_while_we_stand_still_are_inconclusive(tmp_path: Path) -> None:
    """The tester is stopped until the server has dropped its members."""
    results = tmp_path / "results.jsonl"
    with running(tmp_path, "--heartbeat", HEARTBEAT) as server:
        target = ["--target", server.url, "--capability", f"heartbeat={HEARTBEAT}"]
        words = [sys.executable, "-m", "roomproof", "verify", "test_strangers.py", *target, *usual_options(results)]
        with subprocess.Popen(
            words, cwd=tmp_path, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            eventually(lambda: server.log.count("joined") > 10, "strangers come and go")
            process.send_signal(signal.SIGSTOP)
            eventually(lambda: server.members() == 0, "the server has taken the tester for dead")
            process.send_signal(signal.SIGCONT)
            output = process.communicate(timeout=RUN_SECONDS)[0]
    run = Run(process.returncode, output, read(results))

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "this process had stood still for" in run.verdict["reason"]
    assert run.rules("broken") == run.rules("held") == set()
