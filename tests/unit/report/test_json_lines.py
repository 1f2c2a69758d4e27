"""A result file has only complete lines; an unwritable one is an error at once."""

from pathlib import Path

import pytest

from roomproof.client.target import UsageError
from roomproof.report.json_lines import JsonLines, check_writable, open_results


class Short:
    """A file that takes at most three bytes at a time."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: bytes) -> int:
        self.content += data[:3]
        return min(len(data), 3)


class Lines(JsonLines):
    """A file of lines with a number."""

    def add(self, number: int) -> None:
        self._write({"number": number})


def test_a_line_is_on_disk_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("of an earlier run")

    with open_results(path) as file:
        Lines(file).add(1)
        written = path.read_text()

    assert written == '{"number":1}\n'


def test_a_line_is_complete_even_if_written_in_pieces() -> None:
    file = Short()

    Lines(file).add(1)  # type: ignore[arg-type]

    assert file.content == b'{"number":1}\n'


@pytest.mark.parametrize("name", ["", "missing/x.jsonl"], ids=["a folder", "a file in no folder"])
def test_an_unwritable_file_is_a_usage_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot write the result file"):
        JsonLines.create(tmp_path / name)
    with pytest.raises(UsageError, match="cannot write the result file"):
        check_writable(tmp_path / name)


def test_the_check_leaves_files_as_they_are(tmp_path: Path) -> None:
    existing, new = tmp_path / "existing", tmp_path / "new"
    existing.write_text("kept")

    check_writable(existing)
    check_writable(new)

    assert (existing.read_text(), new.exists()) == ("kept", False)
