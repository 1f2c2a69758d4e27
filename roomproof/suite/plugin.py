"""The pytest plugin `roomproof`, which acts only where scenarios run.

Every pytest of the environment loads the plugin.
Elsewhere it declares no option, no mark and no fixture, and imports nothing else of Roomproof.
"""

from collections.abc import Generator

import pytest

from roomproof.suite.paths import scenarios_folder, scenarios_package


def _names_package(words: list[str]) -> bool:
    """Whether any argument of `pytest --pyargs` names the scenarios.

    It can name their package, or a module in the package.
    """
    return any(f"{word.partition('::')[0]}.".startswith(f"{scenarios_package()}.") for word in words)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, object, object]:
    """Declare the options for a run of scenarios, after those of all other plugins."""
    result = yield
    known = early_config.known_args_namespace
    is_package = known.pyargs and _names_package(known.file_or_dir)
    if is_package or any(group.name == "roomproof" for group in parser._groups):  # their conftest made the group
        declare(parser, args)
    return result


def declare(parser: pytest.Parser, args: list[str]) -> None:
    """Declare the options of the suite, by names that no other plugin has."""
    from roomproof.suite.options import add_options, prefixed

    add_options(parser)
    args[:] = prefixed(args)


def pytest_configure(config: pytest.Config) -> None:
    """Begin a run of scenarios that are named as a package."""
    if config.option.pyargs and _names_package(config.args):
        # pytest finds the conftest of a package only while it collects, which is too late to begin.
        from roomproof.suite.scenario_run import begin

        begin(config, scenarios_folder())
