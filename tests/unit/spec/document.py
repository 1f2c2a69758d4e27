"""PROTOCOL.md as a text: its sections and tables."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]

TEXT = (ROOT / "PROTOCOL.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text of the section with this title, up to the next heading.

    Raises ValueError if the document has not exactly one such section.
    """
    _, text = re.split(rf"^#+ {re.escape(title)}\n", TEXT, flags=re.MULTILINE)
    return re.split(r"^#", text, maxsplit=1, flags=re.MULTILINE)[0]


def table(title: str) -> list[list[str]]:
    """Return the cells of each row of the table in a section, without its head."""
    rows = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
