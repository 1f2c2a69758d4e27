"""Standard output and standard error that never end a run, even without readers."""

import errno
import io
import os
import sys
from typing import Any, TextIO


def make_output_safe() -> None:
    """Replace `sys.stdout` and `sys.stderr` by streams that never raise an error.

    - Characters that their encoding lacks are written as escapes.
    - A stream that was closed from the start discards what is written.
    - A stream whose reader is gone, or whose disk is full, discards the rest. A full disk is reported once.
    """
    _open_closed_descriptors()
    sys.stdout = _safe(sys.stdout, 1)
    sys.stderr = _safe(sys.stderr, 2)


def duplicate(stream: TextIO) -> TextIO:
    """Return a safe stream to the same place.

    It stays there if the descriptor is redirected.
    """
    stream.flush()
    return _safe(stream, os.dup(stream.fileno()))


def _open_closed_descriptors() -> None:
    """Open the closed ones of descriptors 0 to 2, so that no file gets these numbers."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def _safe(stream: TextIO | None, descriptor: int) -> TextIO:
    encoding = stream.encoding if stream is not None else "utf-8"
    return io.TextIOWrapper(
        io.BufferedWriter(_SafeFile(descriptor)),
        encoding=encoding,
        errors="backslashreplace",
        line_buffering=descriptor == 2 or os.isatty(descriptor),
    )


class _SafeFile(io.RawIOBase):
    """A descriptor for writing. After the first error it discards everything."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._is_lost = False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: Any, /) -> int:
        if not self._is_lost:
            try:
                return os.write(self._descriptor, data)
            except OSError as error:
                self._is_lost = True
                if error.errno != errno.EPIPE and self._descriptor == 1:
                    print(f"roomproof: cannot write all output: {error.strerror}", file=sys.stderr)
        return len(data)
