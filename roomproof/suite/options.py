"""The command line options of the suite, and what they say about the target."""

from pathlib import Path

import pytest

from roomproof.client.target import LEAST_DEADLINE, LONGEST_DEADLINE, Target, UsageError, read_target
from roomproof.topologies import catalogue

DEADLINE_SECONDS = 5.0


def add_options(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("roomproof", "Roomproof: conformance of a WebSocket chat service")
    group.addoption(
        "--target",
        metavar="URL|FILE.toml",
        help="the server to test: http(s)://host:port, or a TOML file with url, capabilities, headers, ca, "
        "source_addresses, forwarded_addresses, exclusive. Default: a private reference server for each worker",
    )
    group.addoption(
        "--topology",
        metavar="NAME",
        help=f"start the reference server as a topology of its own and test that: {', '.join(catalogue.NAMES)}. sticky "
        "and pubsub need nginx, pubsub needs Redis; with these, parts are broken on purpose, too",
    )
    group.addoption(
        "--capability",
        action="append",
        default=[],
        metavar="NAME",
        help="declare that the target has this (fetch, delete, health, ping, heartbeat=SECONDS, total-order, history, "
        "presence-per-user, sticky, pubsub); repeatable",
    )
    group.addoption(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="send this header with every request and handshake, such as a token; repeatable",
    )
    group.addoption("--ca", metavar="FILE", help="trust the certificate authorities in this PEM file (https and wss)")
    group.addoption("--exclusive", action="store_true", help="nobody else uses the target: check exact statistics")
    group.addoption(
        "--deadline",
        type=float,
        default=DEADLINE_SECONDS,
        metavar="SECONDS",
        help="how long deliveries, leaves and statistics may take (default %(default)s, as in PROTOCOL.md)",
    )
    group.addoption(
        "--deviations",
        metavar="FILE.toml",
        help="known deviations: [[deviation]] with rule or scenario, reason and link. They run and fail nothing; "
        "one that passes, or names nothing, does",
    )
    group.addoption(
        "--histories", metavar="FOLDER", help="write the history of every scenario there, for `roomproof judge`"
    )
    group.addoption("--results", metavar="FILE", help="write results to this file as JSON lines while the suite runs")


def target_option(config: pytest.Config) -> Target | None:
    """The target that the command line names; None for the embedded reference server, and for a topology.

    Raises UsageError for whatever is wrong with it.
    """
    option = config.option
    if not LEAST_DEADLINE <= option.deadline <= LONGEST_DEADLINE:
        expected = f"from {LEAST_DEADLINE:g} to {LONGEST_DEADLINE:g} seconds"
        raise UsageError(f"expected a --deadline {expected}, got {option.deadline:g}")
    if option.topology is not None:
        catalogue.capabilities_of(option.topology)
        if option.target is not None:
            raise UsageError("--topology starts what it tests, and --target names what runs already: say one of them")
    if option.target is None:
        if getattr(option, "host", None):
            raise UsageError("--host is Locust's option and would test the embedded server: say --target")
        given = [name for name in ("capability", "header", "ca", "exclusive") if getattr(option, name)]
        if given:
            raise UsageError(f"--{given[0]} describes a server of yours: say --target too")
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
    """Whether the command line asks for less than all scenarios."""
    option = config.option
    names = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
    if any(getattr(option, name, None) for name in names):
        return True
    paths = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return scenarios not in paths and not (option.pyargs and scenarios.name in config.args)
