"""JSON Schemas of the lines of result files and histories. Pure.

They are made from the types by which this version reads the lines again.
"""

from typing import Any, Union

import msgspec

from roomproof.history import Event
from roomproof.report.saved_run import LINES

DIALECT = "https://json-schema.org/draft/2020-12/schema"
"""The version of JSON Schema."""

TITLES = {"result": "A line of a Roomproof result file", "history": "A line of a Roomproof history"}
"""The title of each schema, by its name on the command line."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a line of `result` or `history` files.

    Raises KeyError for other names. A file has one line for each event, and each line is a JSON object with a `kind`.
    """
    types: dict[str, Any] = {"result": Union[LINES], "history": Event}  # noqa: UP007 the types are in a tuple
    return {"$schema": DIALECT, "title": TITLES[name], **msgspec.json.schema(types[name], schema_hook=_anything)}


def _anything(kind: type) -> dict[str, Any]:
    """Return the schema of `object`, which msgspec leaves to its caller."""
    if kind is object:
        return {"description": "any value"}
    raise NotImplementedError
