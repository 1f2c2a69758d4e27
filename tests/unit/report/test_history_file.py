"""Histories are written to files named after their scenarios."""

from pathlib import Path

import pytest

from roomproof.client.target import UsageError
from roomproof.history import Deadline, dump
from roomproof.report.history_file import NAME_CHARACTERS, create_folder, write_history


def test_the_file_is_named_after_the_scenario(tmp_path: Path) -> None:
    write_history(tmp_path, "test_x.py::test_y[a/b c]", [Deadline(1)])

    assert (tmp_path / "test_x.py_test_y[a_b_c].jsonl").read_bytes() == dump([Deadline(1)])


def test_a_long_name_is_cut(tmp_path: Path) -> None:
    write_history(tmp_path, "x" * 1_000, [])

    assert [len(file.stem) for file in tmp_path.iterdir()] == [NAME_CHARACTERS]


def test_a_folder_is_created_with_its_parents(tmp_path: Path) -> None:
    create_folder(tmp_path / "a" / "b")

    assert (tmp_path / "a" / "b").is_dir()


def test_a_folder_that_cannot_be_created_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(UsageError, match="cannot create the folder"):
        create_folder(tmp_path / "file")
