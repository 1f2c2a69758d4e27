"""A file of JSON lines that is written during a run."""

from pathlib import Path
from typing import IO, Self

import msgspec

from roomproof.client.target import UsageError


def open_results(path: Path, mode: str = "wb") -> IO[bytes]:
    """Open a result file for writing. Raises UsageError if that is impossible."""
    try:
        file: IO[bytes] = path.open(mode, buffering=0)
    except OSError as error:
        raise UsageError(f"cannot write the result file {path}: {error.strerror}") from error
    return file


def check_writable(path: Path) -> None:
    """Raise UsageError if a result file cannot be written. Leave the file as it is."""
    existed = path.exists()
    open_results(path, "ab").close()
    if not existed:
        path.unlink()


class JsonLines:
    """A result file. Each line is complete on disk as soon as it is written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._complete_bytes = 0
        """Length of all complete lines."""

    @classmethod
    def create(cls, path: Path) -> Self:
        """Create the file, or empty it. Raises UsageError if that is impossible."""
        return cls(open_results(path))

    def _write(self, line: dict[str, object]) -> None:
        data = rest = msgspec.json.encode(line) + b"\n"
        while rest:
            rest = rest[self._file.write(rest) :]
        self._complete_bytes += len(data)
