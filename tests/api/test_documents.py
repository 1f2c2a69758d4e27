"""The documents for tools are valid, and say what PROTOCOL.md and the code say."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from roomproof.spec.limits import CloseCode
from roomproof.spec.rules import read_protocol
from tests.api.documents import ASYNCAPI, OPENAPI
from tests.conftest import require
from tests.listening import PATIENCE

HERE = Path(__file__).parent

METHODS = ("get", "post", "put", "patch", "delete")


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, item[method]) for path, item in OPENAPI["paths"].items() for method in METHODS if method in item
    ]


def test_openapi_is_valid() -> None:
    validate(OPENAPI)


def test_asyncapi_is_valid() -> None:
    npm = require("npm", "apt-get install nodejs npm")
    schemas = HERE / "node_modules" / "@asyncapi" / "specs" / "schemas"
    if not schemas.is_dir():
        subprocess.run(
            [npm, "install", "--no-audit", "--no-fund", "--no-package-lock"],
            cwd=HERE,
            check=True,
            timeout=10 * PATIENCE,
        )

    schema = json.loads((schemas / "3.0.0-without-$id.json").read_text())

    jsonschema.Draft7Validator(schema).validate(json.loads(json.dumps(ASYNCAPI)))


@pytest.mark.parametrize("document", [OPENAPI, ASYNCAPI], ids=["openapi", "asyncapi"])
def test_the_version_is_that_of_the_protocol(document: dict[str, Any]) -> None:
    assert document["info"]["version"] == read_protocol().version


def test_openapi_has_the_requests_of_the_overview() -> None:
    overview = (HERE.parents[1] / "PROTOCOL.md").read_text()
    said = set(re.findall(r"\| `([A-Z]+) (/\S*)` \|", overview))

    assert {(method.upper(), path) for path, method, _ in operations()} == said


def test_operations_name_rules_and_capabilities_of_the_protocol() -> None:
    rules = read_protocol().rules
    for path, method, operation in operations():
        needed = {rules[name].capability for name in operation["x-rules"]} - {None}
        declared = operation.get("x-capability")
        assert declared is None or declared in needed, f"{method} {path}"
        assert needed <= {declared, None}, f"{method} {path}"


def test_asyncapi_has_the_close_codes_of_the_protocol() -> None:
    said = ASYNCAPI["channels"]["room"]["x-close-codes"]
    protocol = (HERE.parents[1] / "PROTOCOL.md").read_text()
    table = protocol.partition("### Close codes")[2].partition("\n## ")[0]

    assert set(said) == {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", table, re.M) for code in row.split(",")}
    assert CloseCode.NO_SUCH_ROOM in said


def test_examples_of_the_protocol_are_those_of_asyncapi() -> None:
    protocol = (HERE.parents[1] / "PROTOCOL.md").read_text()
    frames = protocol.partition("### Frames from the client")[2].partition("### Close codes")[0]
    shown = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", frames, re.S)]
    given = [one["payload"] for message in ASYNCAPI["components"]["messages"].values() for one in message["examples"]]

    assert shown
    assert [frame for frame in shown if frame not in given] == []
