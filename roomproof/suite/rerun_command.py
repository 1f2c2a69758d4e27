"""The commands that run one scenario, or the scenarios of one rule, again."""

import shlex
from collections.abc import Iterator

import pytest

from roomproof.report.curl import header_placeholder
from roomproof.suite.options import DEADLINE_SECONDS


def rerun_command(config: pytest.Config, scenario: str, *, idle: int = 0) -> str:
    """Return the command that runs one scenario against the same target.

    With `idle`, the run lasts at least so many seconds.
    """
    words = ["roomproof", "verify", shlex.quote(scenario), *_options(config)]
    return " ".join([*words, "--idle", str(idle)] if idle else words)


def rule_command(config: pytest.Config, rule: str, scenario: str | None = None) -> str:
    """Return the command that shows a broken rule in detail, on the same target.

    It runs the scenarios of the rule, or only `scenario`.
    """
    words = [shlex.quote(scenario)] if scenario else ["--rule", rule]
    idle = ["--idle", f"{config.option.roomproof_idle:g}"] if config.option.roomproof_idle else []
    return " ".join(["roomproof", "verify", *words, *_options(config), *idle, "-v"])


def _options(config: pytest.Config) -> Iterator[str]:
    """Yield the words that describe the target, quoted for a shell.

    The values of headers can be secret: a variable of the shell stands for each.
    """
    option = config.option
    if option.roomproof_topology:
        yield from ("--topology", shlex.quote(option.roomproof_topology))
    if option.roomproof_affinity:
        yield from ("--affinity", shlex.quote(option.roomproof_affinity))
    if option.roomproof_target:
        yield from ("--target", shlex.quote(option.roomproof_target))
    for name in ("capability", "without"):
        for value in getattr(option, f"roomproof_{name}"):
            yield from (f"--{name}", shlex.quote(value))
    for header in option.roomproof_header:
        yield from ("--header", header_placeholder(header.partition(":")[0]))
    if option.roomproof_ca:
        yield from ("--ca", shlex.quote(option.roomproof_ca))
    if option.roomproof_exclusive:
        yield "--exclusive"
    if option.roomproof_deflate:
        yield "--deflate"
    if option.roomproof_deadline != DEADLINE_SECONDS:
        yield from ("--deadline", f"{option.roomproof_deadline:g}")
    if option.roomproof_deviations:
        yield from ("--deviations", shlex.quote(option.roomproof_deviations))
