"""The templates of reports, and how values get into them."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from roomproof.printable import escaped

SHOWN_CHARACTERS = 6_000
"""Maximum number of characters of one value: a longer one loses its middle."""


def environment() -> Environment:
    """Return the environment of the templates.

    Every value may come from a server. Each is shown as text, without control characters, and cut if it is long.
    """
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        finalize=shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def shown(value: object) -> object:
    """Return a value as a template may show it.

    Text becomes lines of printable text. Markup of our own stays as it is.
    """
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return "\n".join(map(escaped, cut(value).split("\n")))


def cut(text: str) -> str:
    """Return a text without its middle if it is long."""
    left = len(text) - SHOWN_CHARACTERS
    if left <= 0:
        return text
    half = SHOWN_CHARACTERS // 2
    return f"{text[:half]} ... {left} characters left out ... {text[-half:]}"
