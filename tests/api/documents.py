"""The documents of docs/api, and their schemas with all references resolved."""

import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator

FOLDER = Path(__file__).parents[2] / "docs" / "api"

OPENAPI: dict[str, Any] = yaml.safe_load((FOLDER / "openapi.yaml").read_text())
ASYNCAPI: dict[str, Any] = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text())


def check(document: dict[str, Any], name: str, value: object) -> None:
    """Raise ValidationError unless a value fits the schema of this name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    Draft202012Validator(schema).validate(json.loads(json.dumps(value)))


def fits(document: dict[str, Any], name: str, value: object) -> bool:
    """Whether a value fits the schema of this name."""
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return bool(Draft202012Validator(schema).is_valid(json.loads(json.dumps(value))))
