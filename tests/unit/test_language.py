"""Docstrings and names of tests keep the measurable rules of docs/style.md."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("roomproof", "reference_server", "scenarios", "locustfiles", "tests", "benchmarks")

MAX_FIRST_LINE = 80
"""Maximum length of the first line of a docstring, in characters."""

MAX_SENTENCE = 35
"""Maximum length of a sentence, in words."""

MAX_TEST_NAME = 60
"""Maximum length of the name of a test, in characters."""

POOR_SUBJECTS = re.compile(r"(What|Who|Whoever|Whom|Whose|So many|So much|So long)\b")


@cache
def trees() -> dict[str, ast.Module]:
    """Return the syntax tree of each module, by path."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(paths) > 100
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def texts() -> dict[str, tuple[str, bool]]:
    """Return each docstring by its place, and whether it heads a definition.

    A string below a constant or a field counts as a docstring, but heads nothing.
    """
    found = {}
    for path, tree in trees().items():
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            for number, statement in enumerate(body if isinstance(body, list) else ()):
                match statement:
                    case ast.Expr(value=ast.Constant(value=str(text))):
                        found[f"{path}:{statement.lineno}"] = text.strip(), number == 0
    return found


def sentences(text: str) -> list[str]:
    """Return the sentences of a docstring.

    A colon, an empty line or an item of a list ends a sentence.
    """
    parts = re.split(r"\n\s*\n|\n\s*[-*|] ", text)
    return [sentence for part in parts for sentence in re.split(r"(?<=[.!?:;])\s+", " ".join(part.split()))]


def test_first_lines_of_docstrings_are_short() -> None:
    heads = {at: text for at, (text, is_head) in texts().items() if is_head}
    assert [at for at, text in heads.items() if len(text.split("\n")[0]) > MAX_FIRST_LINE] == []


def test_docstrings_have_plain_subjects() -> None:
    assert [at for at, (text, _) in texts().items() if POOR_SUBJECTS.match(text)] == []


def test_sentences_of_docstrings_are_short() -> None:
    long = {at for at, (text, _) in texts().items() for one in sentences(text) if len(one.split()) > MAX_SENTENCE}
    assert long == set()


def test_names_of_tests_are_short() -> None:
    names = {
        f"{path}:{node.lineno}": node.name
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    }
    assert [at for at, name in names.items() if len(name) > MAX_TEST_NAME] == []
