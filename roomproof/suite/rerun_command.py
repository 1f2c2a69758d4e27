"""The command that runs one scenario again."""

import shlex

import pytest

from roomproof.suite.options import DEADLINE_SECONDS


def rerun_command(config: pytest.Config, scenario: str) -> str:
    """Return the command that runs one scenario against the same target.

    The values of headers are left out, because they can be secret.
    """
    option = config.option
    words = ["roomproof", "verify", scenario]
    if option.topology:
        words += ["--topology", option.topology]
    if option.target:
        words += ["--target", option.target]
    for capability in option.capability:
        words += ["--capability", capability]
    for header in option.header:
        words += ["--header", f"{header.partition(':')[0]}: ..."]
    if option.ca:
        words += ["--ca", option.ca]
    if option.exclusive:
        words.append("--exclusive")
    if option.deadline != DEADLINE_SECONDS:
        words += ["--deadline", f"{option.deadline:g}"]
    return shlex.join(words)
