"""The pytest plugin of `roomproof verify` that replaces names of scenario files by their paths.

So `roomproof verify test_order.py` runs the scenarios of this Roomproof in any current folder.
"""

import pytest

from roomproof.suite.paths import scenarios_folder


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Replace the names of scenario files in the arguments.

    The last argument is the folder of all scenarios. It counts only if no other argument selects scenarios.
    """
    config.args = [_resolved(word) for word in config.args[:-1]] or config.args
    config.option.ignore = [_resolved(word) for word in config.option.ignore or ()]


def _resolved(word: str) -> str:
    file, separator, rest = word.partition("::")
    path = scenarios_folder() / file
    return f"{path}{separator}{rest}" if path.is_file() else word
