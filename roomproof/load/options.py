"""The options of a load run, on the command line of Locust and in its web UI."""

import argparse
from dataclasses import dataclass, replace

from roomproof.client.target import LEAST_DEADLINE, LONGEST_DEADLINE, Target, UsageError
from roomproof.client.target_file import is_target_file, read_target
from roomproof.load.figures import objectives
from roomproof.load.figures.objectives import Objective, ObjectiveError
from roomproof.spec.rules import Capability, Need

MIN_MESSAGE_BYTES, MAX_MESSAGE_BYTES = 100, 4_000
"""The size of a content: it carries its identity, and every server takes 4,096 code points (DELIVER-13)."""


IDLE_MEMBERS = 2
"""Members of each worker that say nothing: a server must not end them for that."""


class TargetFileError(UsageError):
    """A target file, or something that it names, cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """The options of one run, parsed and checked."""

    target: Target
    room_size: int
    rate: float
    """Messages a second that each user sends."""
    message_bytes: int
    objectives: list[Objective]
    seed: str
    allow_partial_ramp: bool = False
    """Whether a run that ends before all users are connected can be valid."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add Roomproof's options to the parser of Locust, with environment variables."""
    text = "Every delivery is verified. Exit codes: 0 valid, 1 invalid, 3 inconclusive"
    group = parser.add_argument_group("Roomproof", text)
    add(group, "--room-size", "10", "members in each room")
    add(group, "--rate", "1", "messages a second that each user sends; 0 for none")
    add(group, "--message-bytes", "120", f"bytes of each content, {MIN_MESSAGE_BYTES} to {MAX_MESSAGE_BYTES}")
    _add_list(
        group,
        "--slo",
        "an objective, like deliver.p99<250ms, rate>1000, sockets>=200; repeatable, or with commas between",
    )
    add(group, "--seed", "", "repeat the random choices of a run that had this seed and as many workers")
    add(group, "--deadline", "5", "seconds that a delivery or a closing handshake may take")
    _add_list(group, "--capability", "a capability of the server (sticky, pubsub, ...); repeatable")
    _add_list(group, "--without", "something that the service lacks (notices, echo, ...); repeatable")
    _add_list(group, "--source-addresses", "connect from these addresses in turn; repeatable, or with commas between")
    partial = group.add_argument(
        "--allow-partial-ramp",
        action="store_true",
        help="accept a run that ends before all users are connected",
        env_var="ROOMPROOF_ALLOW_PARTIAL_RAMP",
    )
    _show(partial, in_web_ui=False)
    header = group.add_argument(
        "--header", action="append", default=[], help="sent with every request and handshake, 'NAME: VALUE'; repeatable"
    )
    _show(header, in_web_ui=False)
    add(group, "--ca", "", "trust these certificate authorities (a file)", in_web_ui=False)
    add(group, "--results", "", "write the results to this file, as JSON lines", in_web_ui=False)


def add(group: "argparse._ArgumentGroup", name: str, default: str, text: str, *, in_web_ui: bool = True) -> None:
    """Add an option whose value is a text."""
    # Every value is a text: the form of the web UI converts to the type of the default, and fails for other types.
    action = group.add_argument(name, default=default, help=text, env_var=f"ROOMPROOF_{_variable(name)}")
    _show(action, in_web_ui=in_web_ui)


def _add_list(group: "argparse._ArgumentGroup", name: str, text: str, *, in_web_ui: bool = True) -> None:
    action = group.add_argument(name, action=_Joined, default="", help=text, env_var=f"ROOMPROOF_{_variable(name)}")
    _show(action, in_web_ui=in_web_ui)


def _show(action: argparse.Action, *, in_web_ui: bool) -> None:
    vars(action).update(include_in_web_ui=in_web_ui, is_secret=False, is_required=False, is_multiple=False)


def _variable(name: str) -> str:
    return name.removeprefix("--").replace("-", "_").upper()


class _Joined(argparse.Action):
    """A repeatable option whose value is one text, for one field of the form.

    The first value replaces the default, even if it is equal: a default is recognised by its identity.
    """

    def __call__(self, _: object, namespace: argparse.Namespace, value: object, option: str | None = None) -> None:
        before = getattr(namespace, self.dest)
        given = f"{before}, {value}" if before and option and before is not self.default else value
        setattr(namespace, self.dest, given)


def read(parsed: argparse.Namespace, host: str | None) -> LoadOptions:
    """Return the options of a run. Raises UsageError."""
    if not host:
        raise UsageError("expected the server as --host http://HOST:PORT, or a target file as --host FILE.toml")
    target = _read_target(parsed, host)
    addresses = _words(parsed.source_addresses)
    if addresses:
        target = replace(target, source_addresses=tuple(addresses), forwarded_addresses=())
    try:
        asked_objectives = [objectives.parse(text) for text in _words(parsed.slo)]
    except ObjectiveError as error:
        raise UsageError(f"--slo: {error}") from error
    room_size = whole("--room-size", parsed.room_size, 1, 100_000)
    if room_size < 2 and target.lacks(Need.ECHO):
        raise UsageError(
            f"expected a --room-size of 2 or more for a service without an echo, got {room_size}; "
            "alone in a room, nobody would hear anything"
        )
    return LoadOptions(
        target=target,
        room_size=room_size,
        rate=number("--rate", parsed.rate, 0, 10_000),
        message_bytes=whole("--message-bytes", parsed.message_bytes, MIN_MESSAGE_BYTES, MAX_MESSAGE_BYTES),
        objectives=asked_objectives,
        seed=str(parsed.seed),
        allow_partial_ramp=bool(parsed.allow_partial_ramp),
    )


def _read_target(parsed: argparse.Namespace, host: str) -> Target:
    """Read the target. Raises TargetFileError where it is a file, and UsageError."""
    try:
        target = read_target(
            host,
            capabilities=_words(parsed.capability),
            headers=parsed.header,
            ca=parsed.ca or None,
            deadline=number("--deadline", parsed.deadline, LEAST_DEADLINE, LONGEST_DEADLINE),
            without=_words(parsed.without),
            users=1,
        )
        _check_evidence(target)
    except UsageError as error:
        if is_target_file(host):
            raise TargetFileError(str(error)) from error
        raise
    return target


def _check_evidence(target: Target) -> None:
    """Raise UsageError for a target of which no load could tell who is a member."""
    if target.declares(Capability.HISTORY) and target.lacks(Need.NOTICES) and target.lacks(Need.ECHO):
        raise UsageError(
            "expected notices or an echo beside the capability history, got neither; without them nothing shows since "
            "when a connection is a member: leave out history if the service repeats nothing"
        )


def check_users(target: Target, users: int, processes: int, option: str = "-u") -> None:
    """Raise UsageError unless the target has users for a run.

    Each process takes a part of them.
    """
    each = -(-users // processes) + IDLE_MEMBERS
    try:
        target.service.users.check(each * processes)
    except UsageError as error:
        raise TargetFileError(f"{error}, or run with fewer users ({option})") from error


def _words(text: object) -> list[str]:
    """The words between commas, or those of the list that the web UI makes of them."""
    texts = text if isinstance(text, list) else str(text or "").split(",")
    return [str(word).strip() for word in texts if str(word).strip()]


def number(option: str, text: object, least: float, most: float) -> float:
    """Return the number that an option has. Raises UsageError."""
    try:
        given = float(str(text))
    except ValueError:
        given = float("nan")
    if not least <= given <= most:
        raise UsageError(f"expected {option} to be a number from {least:g} to {most:g}, got {str(text)!r}")
    return given


def whole(option: str, text: object, least: int, most: int) -> int:
    """Return the whole number that an option has. Raises UsageError."""
    try:
        given = int(str(text))
    except ValueError:
        given = least - 1
    if not least <= given <= most:
        raise UsageError(f"expected {option} to be a whole number from {least} to {most}, got {str(text)!r}")
    return given
