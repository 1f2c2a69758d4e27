"""The command that runs one scenario again."""

import shlex

import pytest

from roomproof.suite.options import DEADLINE_SECONDS


def rerun_command(config: pytest.Config, scenario: str, *, idle: int = 0) -> str:
    """Return the command that runs one scenario against the same target.

    With `idle`, the run lasts at least so many seconds.
    The values of headers are left out, because they can be secret.
    """
    option = config.option
    words = ["roomproof", "verify", scenario]
    if option.roomproof_topology:
        words += ["--topology", option.roomproof_topology]
    if option.roomproof_affinity:
        words += ["--affinity", option.roomproof_affinity]
    if option.roomproof_target:
        words += ["--target", option.roomproof_target]
    for capability in option.roomproof_capability:
        words += ["--capability", capability]
    for header in option.roomproof_header:
        words += ["--header", f"{header.partition(':')[0]}: ..."]
    if option.roomproof_ca:
        words += ["--ca", option.roomproof_ca]
    if option.roomproof_exclusive:
        words.append("--exclusive")
    if option.roomproof_deflate:
        words.append("--deflate")
    if option.roomproof_deadline != DEADLINE_SECONDS:
        words += ["--deadline", f"{option.roomproof_deadline:g}"]
    if idle:
        words += ["--idle", str(idle)]
    return shlex.join(words)
