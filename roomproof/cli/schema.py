"""The command `roomproof schema`."""

import json

from roomproof.report.schema import schema_of


def print_schema(name: str) -> int:
    """Print the JSON Schema of the lines of a file, and return the exit code."""
    print(json.dumps(schema_of(name), indent=2))
    return 0
