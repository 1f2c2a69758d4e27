"""The images hold the packages that their programs import."""

import ast
import re
import sys

from tests.listening import ROOT

COMES_WITH = {"botocore": "boto3", "werkzeug": "quart", "wsproto": "hypercorn"}
"""Packages, by import name, that come as dependencies of another package."""


def test_the_image_has_the_packages_that_the_server_imports() -> None:
    imported = {
        name.partition(".")[0]
        for file in (ROOT / "reference_server").glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    needed = {COMES_WITH.get(name, name) for name in imported - sys.stdlib_module_names - {"reference_server"}}
    installed = re.search(r"--constraint dependencies\.txt (.*)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)

    assert installed is not None
    assert set(installed[1].split()) == needed
