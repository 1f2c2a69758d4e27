"""The pytest plugin that replaces names of scenario files by their paths.

So `roomproof verify test_order.py` runs the scenarios of this Roomproof in any current folder, and nothing else.
"""

from collections.abc import Generator
from pathlib import Path

import pytest

from roomproof.suite.paths import scenarios_folder
from roomproof.suite.plugin import declare


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the command in usage errors and in `--help`, instead of `pytest.main()`."""
    parser.prog = "roomproof verify"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser, args: list[str]) -> Generator[None, object, object]:
    """Declare the options of the suite.

    Pytest might load neither plugins nor conftests by itself.
    """
    result = yield
    declare(parser, args)
    return result


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Replace the names of scenario files in the arguments.

    One argument is the folder of all scenarios. It counts only if no other argument selects scenarios. Raises
    pytest.UsageError for an argument that is no scenario.
    """
    words = list(config.args)
    if str(scenarios_folder()) in words:
        words.remove(str(scenarios_folder()))
    config.args = [_path(config, word) for word in words] or [str(scenarios_folder())]
    config.option.ignore = [_resolved(word) for word in config.option.ignore or ()]


def _path(config: pytest.Config, word: str) -> str:
    resolved = _resolved(word)
    path = Path(config.invocation_params.dir, resolved.partition("::")[0]).resolve()
    if not path.exists() or not path.is_relative_to(scenarios_folder()):
        raise pytest.UsageError(
            "roomproof: expected scenarios as in `roomproof verify test_order.py`, or as in "
            f"`roomproof verify test_order.py::test_x`, got {word!r}; write --target before a URL"
        )
    return resolved


def _resolved(word: str) -> str:
    file, separator, rest = word.partition("::")
    path = scenarios_folder() / file
    return f"{path}{separator}{rest}" if path.is_file() else word
