"""The pytest plugin of `roomproof verify`: names of scenario files mean the installed ones, whatever folder it is."""

import pytest

from roomproof.suite.paths import scenarios_folder


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """The last argument is the folder of all scenarios: it counts where no other argument names any."""
    config.args = [_placed(word) for word in config.args[:-1]] or config.args
    config.option.ignore = [_placed(word) for word in config.option.ignore or ()]


def _placed(word: str) -> str:
    file, separator, rest = word.partition("::")
    path = scenarios_folder() / file
    return f"{path}{separator}{rest}" if path.is_file() else word
