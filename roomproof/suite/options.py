"""The command line options of the suite."""

from pathlib import Path

import pytest

from roomproof.client.target import LEAST_DEADLINE, LONGEST_DEADLINE, Target, UsageError, read_target
from roomproof.suite.paths import scenarios_package
from roomproof.topologies import catalogue

DEADLINE_SECONDS = 5.0
"""The default of --deadline, as in PROTOCOL.md."""


def add_options(parser: pytest.Parser) -> None:
    """Declare the options of the suite."""
    group = parser.getgroup("roomproof", "Roomproof: conformance of a WebSocket chat service")
    group.addoption(
        "--target",
        metavar="URL|FILE.toml",
        help="the server to test: http(s)://host:port, or a TOML file with the keys url, capabilities, headers, ca, "
        "source_addresses, forwarded_addresses and exclusive. Default: a reference server of its own for each worker",
    )
    group.addoption(
        "--topology",
        metavar="NAME",
        help=f"start the reference server in this topology, and test that: {', '.join(catalogue.NAMES)}. Except in "
        "single, some scenarios break parts of it on purpose. sticky and pubsub need nginx; pubsub needs Redis too",
    )
    group.addoption(
        "--capability",
        action="append",
        default=[],
        metavar="NAME",
        help="test this capability of the target too (fetch, delete, health, ping, heartbeat=SECONDS, total-order, "
        "history, presence-per-user, sticky, pubsub); repeatable",
    )
    group.addoption(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="send this header, such as a token, with every request and handshake; repeatable",
    )
    group.addoption("--ca", metavar="FILE", help="trust the certificate authorities in this PEM file (https and wss)")
    group.addoption(
        "--exclusive", action="store_true", help="no one else uses the target: its statistics must be exact"
    )
    group.addoption(
        "--deadline",
        type=float,
        default=DEADLINE_SECONDS,
        metavar="SECONDS",
        help="maximum time for deliveries, leave notices and statistics (default %(default)s, as in PROTOCOL.md)",
    )
    group.addoption(
        "--deviations",
        metavar="FILE.toml",
        help="known deviations: [[deviation]] entries with rule or scenario, reason and link. They are tested, but do "
        "not fail the run. An entry that is over, or matches no rule and no scenario, fails the run",
    )
    group.addoption(
        "--histories", metavar="FOLDER", help="write the history of each scenario to this folder, for `roomproof judge`"
    )
    group.addoption("--results", metavar="FILE", help="write results to this file as JSON lines while the suite runs")


def target_option(config: pytest.Config) -> Target | None:
    """Return the target of `--target`; None if the option is not given.

    Raises UsageError for options with wrong values, and for options that contradict each other.
    """
    option = config.option
    if not LEAST_DEADLINE <= option.deadline <= LONGEST_DEADLINE:
        expected = f"from {LEAST_DEADLINE:g} to {LONGEST_DEADLINE:g} seconds"
        raise UsageError(f"expected a --deadline {expected}, got {option.deadline:g}")
    if option.topology is not None:
        catalogue.capabilities_of(option.topology)
        if option.target is not None:
            raise UsageError("expected --topology, which starts a server, or --target, which names one; got both")
    if option.target is None:
        if getattr(option, "host", None):
            raise UsageError("--host is an option of Locust; name the server with --target")
        given = [name for name in ("capability", "header", "ca", "exclusive") if getattr(option, name)]
        if given:
            raise UsageError(f"--{given[0]} describes your own server; name the server with --target")
        return None
    return read_target(
        option.target,
        capabilities=option.capability,
        headers=option.header,
        ca=option.ca,
        exclusive=option.exclusive,
        deadline=option.deadline,
    )


def is_narrowed(config: pytest.Config, scenarios: Path) -> bool:
    """Whether the command line selects fewer than all scenarios."""
    option = config.option
    names = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
    if any(getattr(option, name, None) for name in names):
        return True
    paths = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return scenarios not in paths and not (option.pyargs and scenarios_package() in config.args)
