"""The command line options of the suite."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from roomproof.client.target import LEAST_DEADLINE, LONGEST_DEADLINE, Target, UsageError
from roomproof.client.target_file import read_target
from roomproof.spec.rules import Need
from roomproof.suite.paths import scenarios_package
from roomproof.topologies import catalogue
from roomproof.topologies.front import AFFINITIES

DEADLINE_SECONDS = 5.0
"""The default of --deadline, as in PROTOCOL.md."""

PREFIX = "--roomproof-"
"""The prefix of the second name of each option, which no other plugin can have."""

OPTIONS: dict[str, dict[str, Any]] = {
    "target": {
        "metavar": "URL|FILE.toml",
        "help": (
            "the server to test: http(s)://host:port, or a TOML file with the keys url, capabilities, headers, ca, "
            "source_addresses, forwarded_addresses and exclusive (default: a reference server for each worker)"
        ),
    },
    "topology": {
        "metavar": "NAME",
        "help": (
            f"start the reference server in this topology, and test that: {', '.join(catalogue.NAMES)}. Except in "
            "single, some scenarios break parts of it on purpose. sticky and pubsub need nginx; pubsub needs Redis too"
        ),
    },
    "affinity": {
        "metavar": "KIND",
        "help": (
            "what the front of --topology sticky and pubsub tells clients apart by: "
            f"{', '.join(one.kind for one in AFFINITIES)} (default: address)"
        ),
    },
    "rule": {
        "action": "append",
        "default": [],
        "metavar": "ID",
        "help": "run only the scenarios that test this rule, such as ORDER-1; repeatable",
    },
    "capability": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": (
            "test this capability of the target too (fetch, delete, health, ping, heartbeat=SECONDS, total-order, "
            "history, presence-per-user, participants-only, sticky, pubsub); repeatable"
        ),
    },
    "without": {
        "action": "append",
        "default": [],
        "metavar": "NAME",
        "help": (f"what the target lacks of what PROTOCOL.md presumes ({', '.join(Need)}); repeatable"),
    },
    "header": {
        "action": "append",
        "default": [],
        "metavar": "'NAME: VALUE'",
        "help": "send this header, such as a token, with every request and handshake; repeatable",
    },
    "ca": {
        "metavar": "FILE",
        "help": "trust the certificate authorities in this PEM file (https and wss)",
    },
    "exclusive": {
        "action": "store_true",
        "help": "no one else uses the target: its statistics must be exact",
    },
    "deflate": {
        "action": "store_true",
        "help": "offer compression (permessage-deflate), as browsers do; all rules hold over it",
    },
    "deadline": {
        "type": float,
        "default": DEADLINE_SECONDS,
        "metavar": "SECONDS",
        "help": "maximum time for deliveries, leave notices and statistics (default %(default)s, as in PROTOCOL.md)",
    },
    "idle": {
        "type": float,
        "default": 0.0,
        "metavar": "SECONDS",
        "help": (
            "let the run last at least this long: two people in each worker say nothing meanwhile, and must stay "
            "connected (default: as long as the scenarios take)"
        ),
    },
    "wait": {
        "type": float,
        "default": 0.0,
        "metavar": "SECONDS",
        "help": (
            "wait up to this long until the target answers, where it was started a moment ago (default: not at all)"
        ),
    },
    "deviations": {
        "metavar": "FILE.toml",
        "help": (
            "known deviations: [[deviation]] entries with rule or scenario, reason and link. They are tested, but do "
            "not fail the run. An entry that is over fails the run"
        ),
    },
    "histories": {
        "metavar": "FOLDER",
        "help": "write the history of each scenario to this folder, for `roomproof judge`",
    },
    "results": {
        "metavar": "FILE",
        "help": "write results to this file as JSON lines while the suite runs",
    },
}
"""The options by name, without `--`, with their attributes as argparse takes them."""


class _Group:
    """The options of the suite within those of pytest and of all plugins."""

    def __init__(self, parser: pytest.Parser) -> None:
        self._group = parser.getgroup("roomproof", "Roomproof: conformance of a WebSocket chat service")
        groups = (parser._anonymous, *parser._groups)  # pytest has no public way to ask which names are taken
        self._taken = {name for group in groups for option in group.options for name in option.names()}

    @property
    def is_complete(self) -> bool:
        """Whether the options have been declared already."""
        return bool(self._group.options)

    def add(self, name: str, **attributes: Any) -> None:
        """Declare an option that no other plugin can read or set."""
        names = [word for word in (f"--{name}", f"{PREFIX}{name}") if word not in self._taken]
        self._group.addoption(*names, dest=f"roomproof_{name}", **attributes)


def add_options(parser: pytest.Parser) -> None:
    """Declare the options of the suite, once.

    Each has a name with the prefix `--roomproof-`, and one without unless that belongs to another plugin.
    """
    group = _Group(parser)
    if group.is_complete:
        return
    for name, attributes in OPTIONS.items():
        group.add(name, **attributes)


def prefixed(words: Sequence[str]) -> list[str]:
    """Return the words of a command line, with the prefix before options of the suite."""
    given = [word.partition("=") for word in words]
    bare = {f"--{name}" for name in OPTIONS}
    return [
        f"{PREFIX}{name[2:]}{separator}{value}" if name in bare else f"{name}{separator}{value}"
        for name, separator, value in given
    ]


def target_option(config: pytest.Config) -> Target | None:
    """Return the target of `--target`; None if the option is not given.

    Raises UsageError for options with wrong values, and for options that contradict each other.
    """
    option = config.option
    for name in ("target", "topology", "affinity", "ca", "deviations", "histories", "results"):
        if getattr(option, f"roomproof_{name}") == "":
            raise UsageError(f"expected a value for --{name}, got an empty text; is a variable unset?")
    if not LEAST_DEADLINE <= option.roomproof_deadline <= LONGEST_DEADLINE:
        expected = f"from {LEAST_DEADLINE:g} to {LONGEST_DEADLINE:g} seconds"
        raise UsageError(f"expected a --deadline {expected}, got {option.roomproof_deadline:g}")
    if not 0 <= option.roomproof_idle <= LONGEST_DEADLINE:
        raise UsageError(f"expected an --idle from 0 to {LONGEST_DEADLINE:g} seconds, got {option.roomproof_idle:g}")
    if not 0 <= option.roomproof_wait <= LONGEST_DEADLINE:
        raise UsageError(f"expected a --wait from 0 to {LONGEST_DEADLINE:g} seconds, got {option.roomproof_wait:g}")
    if option.roomproof_topology is not None:
        catalogue.capabilities_of(option.roomproof_topology)
        if option.roomproof_target is not None:
            raise UsageError("expected --topology, which starts a server, or --target, which names one; got both")
        catalogue.affinity_of(option.roomproof_topology, option.roomproof_affinity)
    elif option.roomproof_affinity is not None:
        raise UsageError("--affinity is about a front of --topology; name that of your own in a target file")
    if option.roomproof_target is None:
        if getattr(option, "host", None):
            raise UsageError("--host is an option of Locust; name the server with --target")
        given = [
            name
            for name in ("capability", "without", "header", "ca", "exclusive", "deflate")
            if getattr(option, f"roomproof_{name}")
        ]
        if given:
            raise UsageError(f"--{given[0]} describes your own server; name the server with --target")
        return None
    return read_target(
        option.roomproof_target,
        capabilities=option.roomproof_capability,
        headers=option.roomproof_header,
        ca=option.roomproof_ca,
        exclusive=option.roomproof_exclusive,
        deadline=option.roomproof_deadline,
        without=option.roomproof_without,
        deflate=option.roomproof_deflate,
    )


def is_narrowed(config: pytest.Config, scenarios: Path) -> bool:
    """Whether the command line selects fewer than all scenarios."""
    option = config.option
    names = ("keyword", "markexpr", "deselect", "lf", "stepwise", "ignore", "ignore_glob")
    if option.roomproof_rule or any(getattr(option, name, None) for name in names):
        return True
    paths = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
    return scenarios not in paths and not (option.pyargs and scenarios_package() in config.args)
