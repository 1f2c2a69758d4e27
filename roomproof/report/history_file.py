"""The files to which `--histories FOLDER` writes the histories of scenarios."""

import re
from collections.abc import Sequence
from pathlib import Path

from roomproof.client.target import UsageError
from roomproof.history import Event, dump

NAME_CHARACTERS = 200
"""Maximum length of a file name, without its suffix."""


def create_folder(folder: Path) -> None:
    """Create a folder for histories. Raises UsageError if that is impossible."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot create the folder {folder}: {error.strerror}") from error


def write_history(folder: Path, scenario: str, events: Sequence[Event]) -> None:
    """Write the history of a scenario to a file that is named after the scenario."""
    history_path(folder, scenario).write_bytes(dump(events))


def history_path(folder: Path, scenario: str) -> Path:
    """Return the path of the history of a scenario."""
    name = re.sub(r"[^\w.,\[\]-]+", "_", scenario)[:NAME_CHARACTERS]
    return folder / f"{name}.jsonl"
