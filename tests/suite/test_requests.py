"""A failed HTTP request stands in the timeline, and can be sent again."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.listening import faulty, listening
from tests.suite.verify import clean_environment, verify

TOKEN = "s3cr3ttoken"


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_the_printed_request_can_be_sent_again(tmp_path: Path) -> None:
    with listening(*faulty("names trimmed")) as url:
        header = ("--header", f"Authorization: Bearer {TOKEN}")
        run = verify(tmp_path, "test_create.py", "-k", "any_name", "--target", url, *header, "--histories", "h")
        command = re.search(r"Send the request again:\n    (curl .*)", run.output)
        assert command, run.output
        done = subprocess.run(
            ["bash", "-c", command[1]],
            env=clean_environment() | {"AUTHORIZATION": f"Bearer {TOKEN}"},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    assert '  http  > POST /api/chats {"name":"  kitchen  ","created_by":"alice"}' in run.output
    assert '  http  < 201 {"id": "chat-' in run.output
    assert done.stdout.startswith("HTTP/1.1 201")
    assert '"name": "kitchen"' in done.stdout
    histories = "".join(file.read_text() for file in (tmp_path / "h").iterdir())
    assert '"kind":"requested"' in histories
    assert TOKEN not in run.output + histories + (tmp_path / "results.jsonl").read_text()
