"""`roomproof judge` judges recorded histories again."""

import subprocess
import sys
from pathlib import Path

from roomproof.history import Closed, Closing, Deadline, Event, Opened, Opening, Received, Sent, Started, dump
from tests.suite.verify import verify

JUDGE = (sys.executable, "-m", "roomproof", "judge")

SAID = '{"type":"message","content":"soup"}'
HEARD = SAID[:-1] + ',"sender_id":"alice","chat_id":"chat-1","timestamp":"1970-01-01T00:00:00.000001"}'


def judge(*files: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*JUDGE, *map(str, files)], capture_output=True, text=True, timeout=60, check=False)


def written(folder: Path, *events: Event) -> Path:
    file = folder / "history.jsonl"
    file.write_bytes(dump(events))
    return file


def test_histories_of_a_correct_server_have_no_findings(tmp_path: Path) -> None:
    run = verify(tmp_path, "test_order.py", "--histories", "histories")
    files = sorted((tmp_path / "histories").iterdir())

    done = judge(*files)

    assert (run.code, len(files), done.returncode) == (0, 5, 0)
    assert done.stdout.count(": 0 findings in ") == 5


def test_a_second_copy_is_found_with_its_witnesses(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        Started(),
        Opening(1, 1_000, "chat-1", "alice"),
        Opened(1, 2_000),
        Sent(1, 3_000, text=SAID),
        Received(1, 4_000, text=HEARD),
        Received(1, 5_000, text=HEARD),
        Deadline(6_000),
        Closing(1, 7_000, 1000),
        Closed(1, 8_000, 1000),
    )

    done = judge(file)

    assert done.returncode == 1
    assert "DELIVER-3: duplicated, at alice: message 1 of 'alice' arrived again" in done.stdout
    assert "alice  > " in done.stdout
    assert "alice  < " in done.stdout


def test_a_history_that_ends_early_has_nothing_missing(tmp_path: Path) -> None:
    begun = (Started(), Opening(1, 1_000, "chat-1", "alice"), Opened(1, 2_000), Sent(1, 3_000, text=SAID))

    done = judge(written(tmp_path, *begun))
    doubled = judge(written(tmp_path, *begun, Received(1, 4_000, text=HEARD), Received(1, 5_000, text=HEARD)))

    assert done.returncode == 3
    assert "inconclusive: it ends before the deadline" in done.stdout
    assert doubled.returncode == 1
    assert "DELIVER-3: duplicated" in doubled.stdout


def test_a_history_without_a_connection_is_inconclusive(tmp_path: Path) -> None:
    assert judge(written(tmp_path, Started(), Opening(1, 1, "chat-1", "alice"))).returncode == 3


def test_of_several_histories_the_gravest_result_counts(tmp_path: Path) -> None:
    nobody = written(tmp_path, Started(), Opening(1, 1, "chat-1", "alice")).rename(tmp_path / "nobody.jsonl")
    somebody = written(tmp_path, Started(), Opening(1, 1, "chat-1", "alice"), Opened(1, 2), Deadline(3))

    assert judge(nobody, somebody).returncode == 0
    assert judge(nobody, tmp_path / "missing.jsonl").returncode == 4


def test_a_file_that_is_not_a_history_is_a_usage_error(tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text('{"kind":"started"}\nsoup\n')

    done = judge(file)

    assert (done.returncode, done.stdout) == (4, "")
    assert "line 2" in done.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    done = judge(tmp_path / "no.jsonl")

    assert done.returncode == 4
    assert "no.jsonl" in done.stderr
