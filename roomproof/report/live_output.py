"""A terminal with a live line at its foot, which tells how far a run is."""

import io
import os
import sys
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, TextIO

from roomproof.report.output import duplicate

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

REFRESHES_PER_SECOND = 4
"""Number of times that the live line is drawn anew each second."""


def is_for_people(stream: IO[str], environment: Mapping[str, str]) -> bool:
    """Whether a stream is a terminal whose user wants more than plain text."""
    if environment.get("NO_COLOR") or environment.get("CI") or environment.get("TERM", "dumb") == "dumb":
        return False
    return stream.isatty()


class LiveOutput(io.TextIOBase):
    """Standard output that keeps a live line below everything that is written.

    Until `start` and after `stop` it passes all text on as it is. In between it passes on whole lines.

    - `_pending` is the beginning of a line that is not complete yet; empty while no live line is shown.
    - `_live` is the line and its task; None while no live line is shown.
    """

    def __init__(self, stream: TextIO) -> None:
        """Write to the terminal behind `stream`, even while its descriptor is captured."""
        super().__init__()
        self._stream = duplicate(stream)
        self._pending = ""
        self._ends_line = True
        self._live: tuple[Progress, TaskID] | None = None

    @property
    def encoding(self) -> str:  # type: ignore[override]  # a plain attribute there
        """The encoding of the terminal."""
        return self._stream.encoding

    def isatty(self) -> bool:
        """Whether this is a terminal."""
        return self._stream.isatty()

    def fileno(self) -> int:
        """The descriptor of the terminal."""
        return self._stream.fileno()

    def writable(self) -> bool:
        """Whether text can be written: always."""
        return True

    def flush(self) -> None:
        """Write what the stream holds back. The beginning of a line waits for its end."""
        self._stream.flush()

    def write(self, text: str) -> int:
        """Write a text above the live line."""
        if self._live is None:
            self._stream.write(text)
            self._ends_line = text.endswith("\n") if text else self._ends_line
            return len(text)
        whole, newline, self._pending = (self._pending + text).rpartition("\n")
        if newline:
            self._live[0].console.out(whole, highlight=False)
        return len(text)

    def start(self, total: int) -> None:
        """Show the live line of a run with so many scenarios."""
        # Slow imports, which neither plain output nor a worker of xdist needs.
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        if not self._ends_line:
            self.write("\n")
        console = Console(file=self._stream, force_terminal=True, width=_columns(self._stream))
        progress = Progress(
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[found]}"),
            TimeRemainingColumn(compact=True),
            TextColumn("left"),
            console=console,
            transient=True,
            refresh_per_second=REFRESHES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live = progress, progress.add_task("", total=total, found="[green]nothing broken")
        progress.start()

    @property
    def is_live(self) -> bool:
        """Whether the live line is shown."""
        return self._live is not None

    def show(self, done: int, found: str, *, broken: bool) -> None:
        """Show how many scenarios are done, and what they found so far."""
        if self._live is not None:
            progress, task = self._live
            colour = "red" if broken else "green"
            progress.console.width = _columns(self._stream)
            progress.update(task, completed=done, found=f"[{colour}]{found}")

    def stop(self) -> None:
        """Remove the live line."""
        if self._live is not None:
            self._live[0].stop()
            self._live, pending, self._pending = None, self._pending, ""
            self._ends_line = True
            self.write(pending)


def _columns(stream: TextIO) -> int:
    """The width of a terminal, which pytest may have hidden behind a capture."""
    return os.get_terminal_size(stream.fileno()).columns or 80


def make_output_live() -> None:
    """Replace `sys.stdout` by a LiveOutput, if a person is before its terminal."""
    if is_for_people(sys.stdout, os.environ):
        sys.stdout = LiveOutput(sys.stdout)
