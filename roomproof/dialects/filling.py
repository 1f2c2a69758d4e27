"""Fills paths and headers, so that no value of a user breaks out of its place."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from roomproof.dialects.place import Place
from roomproof.dialects.template import Template, Values
from roomproof.headers import is_header_value


def in_path(text: str) -> str:
    """Return a text percent-encoded for one segment of a path."""
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")


def filled(templates: Mapping[str, Template], values: Values) -> Iterator[tuple[str, str, Place]]:
    """Yield name, text and place of each template whose values are all there."""
    for name, template in templates.items():
        if template.names <= values.keys():
            yield name, template.text(values, str), template.place


def filled_headers(headers: Mapping[str, Template], values: Values) -> dict[str, str]:
    """Return headers for some values, without those whose values are not there.

    Raises UsageError for a value that no header can have. The value is not repeated.
    """
    return {name: checked_header(text, place) for name, text, place in filled(headers, values)}


def checked_header(value: str, place: Place) -> str:
    """Return a value that a header can have. Raises UsageError."""
    if not is_header_value(value):
        raise place.wrong("printable Latin-1", "another value (not repeated here)", "correct the row of the user")
    return value
