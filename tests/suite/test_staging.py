"""The suite reaches a server behind TLS and a token."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.listening import REFERENCE, listening
from tests.suite.front import TOKEN, certified, front
from tests.suite.verify import verify


@dataclass(frozen=True)
class Staging:
    url: str
    authority: Path


@pytest.fixture(scope="module")
def staging(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staging]:
    authority, tls = certified(tmp_path_factory.mktemp("ca"))
    with listening(*REFERENCE) as behind, front(behind, tls) as url:
        yield Staging(url, authority)


def test_a_header_and_a_ca_give_access(tmp_path: Path, staging: Staging) -> None:
    run = verify(
        tmp_path,
        *("test_frame.py", "test_leave.py", "test_refuse.py", "-n", "2"),
        *("--target", staging.url, "--ca", str(staging.authority), "--header", f"Authorization: {TOKEN}"),
    )

    assert (run.code, run.verdict["verdict"]) == (0, "valid"), run.output
    assert TOKEN not in run.output


def test_a_target_file_gives_the_same_access(tmp_path: Path, staging: Staging) -> None:
    file = tmp_path / "staging.toml"
    file.write_text(
        f'url = "{staging.url}"\nca = "{staging.authority}"\ncapabilities = ["fetch", "ping"]\n'
        f'[headers]\nAuthorization = "{TOKEN}"\n'
    )

    run = verify(tmp_path, "test_create.py", "test_deliver_content.py", "-n", "2", "--target", str(file))

    assert run.code == 0, run.output
    assert "CREATE-5" in run.rules("held")


def test_without_the_token_the_reason_is_the_answer(tmp_path: Path, staging: Staging) -> None:
    run = verify(tmp_path, "--target", staging.url, "--ca", str(staging.authority))

    assert run.code == 1
    assert "401" in run.verdict["reason"]


def test_without_the_ca_the_reason_is_the_certificate(tmp_path: Path, staging: Staging) -> None:
    run = verify(tmp_path, "--target", staging.url, "--header", f"Authorization: {TOKEN}")

    assert run.code == 3
    assert "certificate" in run.verdict["reason"]
