"""The documents name only what exists, and name all of our options."""

import argparse
import re
from functools import cache
from pathlib import Path

import configargparse
import pytest

from reference_server.__main__ import _parser as parser_of_the_server
from roomproof.cli.commands import parser
from roomproof.cli.verify_options import PYTEST_HELP
from roomproof.load import options
from roomproof.spec.rules import Level, read_protocol
from roomproof.suite.options import OPTIONS, PREFIX, add_options
from roomproof.topologies.embedded import embedded_capabilities
from tests.faults.coverage import scenario_rules
from tests.listening import ROOT

README = ROOT / "README.md"

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])

PROSE = [file for file in DOCUMENTS if file.name not in {"PROTOCOL.md", "SUITE.md"}]
"""The documents that somebody writes by hand, without the contract."""

GUIDES = [ROOT / name for name in ("CONTRIBUTING.md", "docs/architecture.md", "docs/adding.md", "docs/style.md")]
"""The documents that name identifiers of the code."""

ENDINGS = r"\.py|\.md|\.toml|\.html|\.yml|\.sh|\.conf"
"""How the names of files end, as a regular expression."""

README_LINES = 170

SENTENCE_WORDS = 35

OF_OTHERS = {
    "--exit-code-on-error",
    "--expect-workers",
    "--expect-workers-max-wait",
    "--build",
    "--headless",
    "--help",
    "--host",
    "--json",
    "--otel",
    "--processes",
    "--profile",
    "--rm",
    "--scale",
    "--version",
}
"""Options of Locust, of Docker Compose, and of every command."""

each_document = pytest.mark.parametrize("document", [pytest.param(file, id=file.name) for file in DOCUMENTS])

each_prose = pytest.mark.parametrize("document", [pytest.param(file, id=file.name) for file in PROSE])

each_guide = pytest.mark.parametrize("document", [pytest.param(file, id=file.name) for file in GUIDES])


@cache
def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def without_blocks(text: str) -> str:
    """The text without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def blocks(text: str) -> str:
    """The blocks of code, one after the other."""
    return "\n".join(re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL))


def spans(text: str) -> list[str]:
    """The code in running text."""
    return re.findall(r"(?<!`)`([^`\n]+)`(?!`)", without_blocks(text))


def code_of(document: Path) -> str:
    """All code of a document, in blocks and in running text."""
    text = text_of(document)
    return "\n".join([blocks(text), *spans(text)])


def anchors(document: Path) -> set[str]:
    """The anchors of the headings of a document, as hosts of repositories make them."""
    headings = re.findall(r"^#+ (.+)$", without_blocks(text_of(document)), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def section(document: Path, heading: str) -> str:
    """The part of a document between a heading of the second level and the next one."""
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text_of(document), re.MULTILINE | re.DOTALL)
    assert found is not None, f"{document.name} has no section {heading!r}"
    return found[1]


def listed_options(text: str) -> set[str]:
    """The options in the first columns of tables."""
    rows = re.findall(r"^\| (`--[^|]+)\|", text, flags=re.MULTILINE)
    return {option for row in rows for option in re.findall(r"--[a-z][a-z-]*", row)}


def options_of_verify() -> set[str]:
    """Our options of the suite."""
    parser = pytest.Parser(_ispytest=True)
    add_options(parser)
    names = {name for option in parser.getgroup("roomproof").options for name in option.names()}
    assert names == {f"{prefix}{name}" for prefix in ("--", PREFIX) for name in OPTIONS}
    return {f"--{name}" for name in OPTIONS}


def options_of_load() -> set[str]:
    """Return our options of a load run and of the capacity search.

    Importing the module of the search would import Locust.
    """
    parser = configargparse.ArgumentParser(add_help=False)
    options.add_to(parser)
    common = {name for action in parser._actions for name in action.option_strings}
    source = text_of(ROOT / "roomproof" / "load" / "capacity_search.py")
    return common | set(re.findall(r'options\.add\(group, "(--[a-z-]+)"', source))


def options_of_reference_server() -> set[str]:
    """The options of the reference server."""
    return {name for action in parser_of_the_server()._actions for name in action.option_strings} - {"-h", "--help"}


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parsers of the commands of `roomproof` by name."""
    action = next(one for one in parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(action.choices)


def options_of(command: str) -> set[str]:
    """The options of a command that parses its arguments itself."""
    return {name for action in commands()[command]._actions for name in action.option_strings} - {"-h", "--help"}


@each_document
def test_every_relative_link_resolves(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", without_blocks(text_of(document)))

    for link in (one for one in links if "://" not in one):
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), f"{link}: there is no such file"
        assert not anchor or anchor in anchors(target), f"{link}: {target.name} has no such heading"


@each_prose
def test_every_path_in_running_text_exists(document: Path) -> None:
    paths = [span for span in spans(text_of(document)) if re.fullmatch(rf"[a-z_][a-z0-9_./-]*({ENDINGS}|/)", span)]
    folders = (ROOT, ROOT / "roomproof", ROOT / "locustfiles", document.parent)

    assert [path for path in paths if not any((folder / path).exists() for folder in folders)] == []


@each_guide
def test_every_name_in_running_text_is_in_the_code(document: Path) -> None:
    names = [span for span in spans(text_of(document)) if re.fullmatch(r"\w*[A-Z_]\w*(\.\w+)?", span)]
    names = [name for name in names if not re.search(f"({ENDINGS})$", name)]

    assert [name for name in names if not set(name.split(".")) <= words_of_the_code()] == []


@cache
def words_of_the_code() -> set[str]:
    folders = ("roomproof", "reference_server", "scenarios", "locustfiles", "tests")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*.py") if file != Path(__file__)]
    return {word for file in files for word in re.findall(r"\w+", text_of(file))}


def named(document: Path, pattern: str) -> set[str]:
    """Return the names that a pattern finds in the code of a document."""
    return set(re.findall(pattern, code_of(document)))


@each_prose
def test_every_module_to_run_exists(document: Path) -> None:
    paths = {module.replace(".", "/") for module in named(document, r"python3? -m ([a-z_][\w.]*)")} - {"venv"}

    assert {
        path for path in paths if not any((ROOT / f"{path}{end}").is_file() for end in (".py", "/__main__.py"))
    } == set()


@each_prose
def test_every_tox_environment_exists(document: Path) -> None:
    environments = {name for names in named(document, r"tox -e ([a-z0-9,]+)") for name in names.split(",")}

    known = set(re.findall(r"^\[testenv:(\w+)\]", text_of(ROOT / "tox.ini"), re.MULTILINE))
    assert environments - {"py311", "py312", "py313"} <= known


@each_prose
def test_every_command_of_roomproof_exists(document: Path) -> None:
    assert named(document, r"roomproof ([a-z]\w*)") <= commands().keys()
    assert named(document, r"roomproof load ([a-z]\w*)") <= {file.stem for file in ROOT.glob("locustfiles/*.py")}
    assert named(document, r"roomproof verify .*?(test_\w+\.py::test_\w+)") <= scenario_rules().keys()


@each_prose
def test_every_path_of_a_command_exists(document: Path) -> None:
    paths = named(document, r"(?:locust -f|pytest) ([a-z][\w/.]*)")

    assert {path for path in paths if not (ROOT / path).exists()} == set()


@each_prose
def test_every_option_exists(document: Path, pytestconfig: pytest.Config) -> None:
    groups = [pytestconfig._parser._anonymous, *pytestconfig._parser._groups]
    of_pytest = {name for group in groups for option in group.options for name in option.names()}

    of_verify = options_of_verify() | {f"{PREFIX}{name}" for name in OPTIONS}
    of_commands = {name for command in commands() for name in options_of(command)} | {"--print-completion", PYTEST_HELP}
    known = of_pytest | of_verify | options_of_load() | options_of_reference_server() | of_commands | OF_OTHERS
    assert named(document, r"(?<![\w-])--[a-z][a-z-]+") <= known


def test_the_manual_of_the_suite_has_every_option() -> None:
    listed = listed_options(section(ROOT / "docs/cli.md", "Options of `verify`"))

    assert listed == options_of_verify()


def test_the_manual_of_reports_has_every_option() -> None:
    assert listed_options(section(ROOT / "docs/report.md", "Options")) == options_of("report")


def test_the_manual_of_load_has_every_option() -> None:
    assert listed_options(section(ROOT / "docs/load.md", "Options")) == options_of_load()


def test_the_manual_of_the_reference_server_has_every_option() -> None:
    assert listed_options(section(ROOT / "docs/reference-server.md", "Options")) == options_of_reference_server()


def test_the_readme_is_short() -> None:
    assert len(text_of(README).splitlines()) <= README_LINES


def test_the_first_block_of_the_readme_activates_its_environment() -> None:
    first = blocks(text_of(README)).splitlines()[0]

    assert re.fullmatch(r"python3 -m venv .* && \. \S+/bin/activate && pip install .* && roomproof verify .*", first)


def test_the_readme_has_the_command_that_ci_runs() -> None:
    assert re.search(r"^<!-- tests -->\n```\npython3 .+\n```$", text_of(README), re.MULTILINE)


@pytest.mark.parametrize("name", ["README.md", "docs/cli.md"])
def test_the_verdict_shown_is_that_of_the_first_run(name: str) -> None:
    rules = read_protocol().rules.values()
    applicable = [rule for rule in rules if rule.capability is None or rule.capability in embedded_capabilities()]
    musts = [rule for rule in applicable if rule.level is Level.MUST]

    text = text_of(ROOT / name)
    assert f"rules: {len(applicable)} held" in text
    assert f"{len(rules) - len(applicable)} not applicable\n" in text
    assert f"VALID: the server holds all of the {len(musts)} MUSTs that were tested\n" in text


@each_document
def test_no_merge_conflict_is_left(document: Path) -> None:
    assert not re.search(r"^(<{7}|>{7}) ", text_of(document), re.MULTILINE)


@each_prose
def test_no_sentence_is_long(document: Path) -> None:
    paragraphs = re.split(r"\n\s*\n|^\s*(?:[-*]|\d+\.) |\|", without_blocks(text_of(document)), flags=re.MULTILINE)
    sentences = [one for paragraph in paragraphs for one in re.split(r"(?<=[.!?])\s", paragraph)]

    assert [one for one in sentences if len(one.split()) > SENTENCE_WORDS] == []
