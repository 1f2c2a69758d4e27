"""What `--topology compose:sticky` says where it cannot work."""

from pathlib import Path

import pytest

from tests.suite.verify import verify


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["in one process", "on two workers"])
def test_a_missing_engine_is_one_sentence(tmp_path: Path, workers: tuple[str, ...]) -> None:
    nowhere = {"DOCKER_HOST": f"unix://{tmp_path}/docker.sock"}

    run = verify(tmp_path, "--topology", "compose:sticky", *workers, environment=nowhere)

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive")
    assert run.verdict["reason"].startswith("this topology needs a Docker engine, and none answers (apt-get install")
    assert "Traceback" not in run.output
