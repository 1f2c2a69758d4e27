"""`roomproof schema` describes what runs write."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from roomproof.report.schema import TITLES
from tests.listening import faulty, listening
from tests.suite.verify import Run, verify


def schema(name: str) -> dict[str, Any]:
    words = [sys.executable, "-m", "roomproof", "schema", name]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    read: dict[str, Any] = json.loads(done.stdout)
    return read


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the results and the histories of a run that found a fault."""
    folder = tmp_path_factory.mktemp("run")
    with listening(*faulty("some doubled")) as url:
        run: Run = verify(folder, "test_deliver.py", "--target", url, "--without", "statistics", "--histories", "h")
    assert run.code == 1, run.output
    return folder


def by_kind(described: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the schema of each kind of line, by the value of `kind`."""
    named = described["$defs"].values()
    return {one["properties"]["kind"]["enum"][0]: one for one in named if "kind" in one.get("properties", {})}


@pytest.mark.parametrize("name", list(TITLES))
def test_a_schema_is_valid(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(("name", "files"), [("result", "results.jsonl"), ("history", "h/*.jsonl")])
def test_lines_of_a_run_fit_and_are_described_whole(folder: Path, name: str, files: str) -> None:
    described = schema(name)
    validator, described_kinds = Draft202012Validator(described), by_kind(described)
    lines = [json.loads(line) for file in folder.glob(files) for line in file.read_text().splitlines()]

    assert lines
    for line in lines:
        validator.validate(line)
        assert line.keys() <= described_kinds[line["kind"]]["properties"].keys()


def test_a_schema_refuses_what_is_no_line() -> None:
    validator = Draft202012Validator(schema("result"))

    assert not validator.is_valid({"kind": "scenario", "id": "test_x"})
    assert not validator.is_valid({"kind": "verdict", "verdict": "perhaps", "reason": ""})
    assert not validator.is_valid({"kind": "soup"})
