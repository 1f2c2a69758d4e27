"""Fills paths and headers, so that no value of a user breaks out of its place."""

from collections.abc import Mapping
from urllib.parse import quote

from roomproof.dialects.place import Place
from roomproof.dialects.template import Template, Values
from roomproof.headers import is_header_value


def in_path(text: str) -> str:
    """Return a text percent-encoded for one segment of a path."""
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def filled_headers(headers: Mapping[str, Template], values: Values) -> dict[str, str]:
    """Return headers for some values, without those whose values are not there.

    Raises UsageError for a value that no header can have. The value is not repeated.
    """
    filled = {}
    for name, template in headers.items():
        if template.names <= values.keys():
            filled[name] = checked_header(template.text(values, str), template.place)
    return filled


def checked_header(value: str, place: Place) -> str:
    """Return a value that a header can have. Raises UsageError."""
    if not is_header_value(value):
        raise place.wrong("printable Latin-1", "another value (not repeated here)", "correct the row of the user")
    return value
