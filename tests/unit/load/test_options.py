"""Options of the command line, the environment and the form."""

import argparse
import contextlib
import os
from pathlib import Path

import configargparse
import pytest

from roomproof.client.target import UsageError
from roomproof.load.options import LoadOptions, TargetFileError, add_to, check_users, read
from roomproof.spec.rules import Capability, Need

HOST = "http://chat.test"


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("ROOMPROOF_")]:
        monkeypatch.delenv(name)


def parsed(*arguments: str, **defaults: str) -> argparse.Namespace:
    """Parse a command line as Locust does; a script may have other defaults."""
    parser = configargparse.ArgumentParser()
    add_to(parser)
    parser.set_defaults(**defaults)
    namespace: argparse.Namespace = parser.parse_args(list(arguments))
    return namespace


def asked(*arguments: str, host: str | None = HOST) -> LoadOptions:
    """Return the options of a command line."""
    return read(parsed(*arguments), host)


def test_nothing_but_a_server_has_to_be_given() -> None:
    options = asked()

    assert (options.room_size, options.rate, options.message_bytes) == (10, 1.0, 120)
    assert (options.objectives, options.seed, options.allow_partial_ramp) == ([], "", False)
    assert (options.target.url, options.target.deadline, options.target.source_addresses) == (HOST, 5.0, ())


def test_everything_can_be_given() -> None:
    options = asked("--room-size=50", "--rate=0.5", "--message-bytes=4000", "--seed=soup", "--deadline=2.5")

    assert (options.room_size, options.rate, options.message_bytes) == (50, 0.5, 4_000)
    assert (options.seed, options.target.deadline) == ("soup", 2.5)


@pytest.mark.parametrize(
    "arguments",
    [("--slo", "rate>1", "--slo", "sockets>=2"), ("--slo", "rate>1,sockets>=2"), ("--slo", " rate>1 , sockets>=2,")],
    ids=["repeated", "with a comma", "with spaces"],
)
def test_objectives_are_repeated_or_separated_by_commas(arguments: tuple[str, ...]) -> None:
    assert [slo.text for slo in asked(*arguments).objectives] == ["rate>1", "sockets>=2"]


@pytest.mark.parametrize("first", ["rate>5", "sockets>=1"], ids=["another one", "the same"])
def test_a_value_replaces_the_default(first: str) -> None:
    default = "sockets>=1"

    assert [slo.text for slo in read(parsed(slo=default), HOST).objectives] == [default]
    given = parsed("--slo", "".join(list(first)), "--slo", "rate>1", slo=default)
    assert [slo.text for slo in read(given, HOST).objectives] == [first, "rate>1"]


def test_lists_come_from_the_form_too() -> None:
    given = parsed()
    given.slo, given.source_addresses = ["rate>1", " sockets>=2"], ["127.0.1.1", "127.0.2.1"]

    options = read(given, HOST)

    assert [slo.text for slo in options.objectives] == ["rate>1", "sockets>=2"]
    assert options.target.source_addresses == ("127.0.1.1", "127.0.2.1")


def test_the_server_can_be_described() -> None:
    arguments = ["--capability", "pubsub", "--capability", "heartbeat=30", "--source-addresses", "127.0.1.1,127.0.2.1"]
    target = asked(*arguments, "--header", "Authorization: Bearer a, b").target

    assert target.capabilities == {Capability.PUBSUB: None, Capability.HEARTBEAT: 30.0}
    assert target.source_addresses == ("127.0.1.1", "127.0.2.1")
    assert target.headers == {"Authorization": "Bearer a, b"}


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROOMPROOF_RATE", "3")
    monkeypatch.setenv("ROOMPROOF_SLO", "rate>1,sockets>=2")

    assert asked().rate == 3
    assert [slo.text for slo in asked().objectives] == ["rate>1", "sockets>=2"]
    assert asked("--rate", "4").rate == 4


@pytest.mark.parametrize("host", [None, ""])
def test_a_server_has_to_be_given(host: str | None) -> None:
    with pytest.raises(UsageError, match="expected the server as --host http://HOST:PORT"):
        asked(host=host)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        pytest.param(("--rate", "much"), "expected --rate to be a number from 0 to 10000, got 'much'", id="a word"),
        pytest.param(("--rate", "nan"), "expected --rate to be a number from 0 to 10000, got 'nan'", id="no number"),
        pytest.param(("--rate", "-1"), "expected --rate to be a number from 0 to 10000, got '-1'", id="too few"),
        pytest.param(("--rate", "inf"), "expected --rate to be a number from 0 to 10000, got 'inf'", id="no end"),
        pytest.param(
            ("--room-size", "0"), "expected --room-size to be a whole number from 1 to 100000", id="empty rooms"
        ),
        pytest.param(
            ("--room-size", "2.5"), "expected --room-size to be a whole number from 1 to 100000, got '2.5'", id="a half"
        ),
        pytest.param(
            ("--message-bytes", "99"), "expected --message-bytes to be a whole number from 100", id="too short"
        ),
        pytest.param(("--message-bytes", "4001"), "to be a whole number from 100 to 4000, got '4001'", id="too long"),
        pytest.param(("--deadline", "0"), "expected --deadline to be a number from 0.1 to 3600, got '0'", id="no time"),
        pytest.param(("--slo", "fast"), "--slo: expected an objective like deliver.p99<250ms", id="no objective"),
        pytest.param(("--slo", "rate>1,join.p95<1s"), "--slo: expected join with one of", id="the second objective"),
        pytest.param(("--capability", "magic"), "unknown capability 'magic'", id="no capability"),
        pytest.param(("--source-addresses", "home"), "expected IP addresses as client addresses", id="no address"),
        pytest.param(("--header", "soup"), "expected", id="no header"),
    ],
)
def test_an_impossible_option_is_refused(arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(UsageError) as refusal:
        asked(*arguments)

    assert sentence in str(refusal.value)


def test_a_partial_ramp_has_to_be_allowed() -> None:
    assert asked("--allow-partial-ramp").allow_partial_ramp


def test_secrets_and_paths_cannot_be_set_in_the_form() -> None:
    parser = configargparse.ArgumentParser()
    add_to(parser)
    shown = {action.dest for action in parser._actions if getattr(action, "include_in_web_ui", False)}

    assert {"room_size", "rate", "slo"} <= shown
    assert shown & {"header", "ca", "results"} == set()


def file_of(folder: Path, *lines: str) -> str:
    file = folder / "chat.toml"
    file.write_text("\n".join([f'url = "{HOST}"', *lines]))
    return str(file)


def test_a_service_may_lack_something(tmp_path: Path) -> None:
    options = asked("--without", "echo", host=file_of(tmp_path, 'without = ["notices"]'))

    assert options.target.dialect.without == {Need.NOTICES, Need.ECHO}


def test_a_mistake_in_a_target_file_is_one_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(TargetFileError, match=r"chat.toml"):
        asked(host=file_of(tmp_path, 'without = ["soup"]'))


def test_history_without_any_evidence_is_refused() -> None:
    asked("--capability", "history", "--without", "notices")
    with pytest.raises(UsageError, match="expected notices or an echo beside the capability history"):
        asked("--capability", "history", "--without", "notices,echo")


def test_nobody_is_alone_where_there_is_no_echo() -> None:
    asked("--room-size", "1")
    asked("--room-size", "2", "--without", "echo")
    with pytest.raises(UsageError, match="expected a --room-size of 2 or more for a service without an echo, got 1"):
        asked("--room-size", "1", "--without", "echo")


@pytest.mark.parametrize(
    ("users", "processes", "is_enough"), [(8, 1, True), (9, 1, False), (6, 2, True), (7, 2, False)]
)
def test_a_file_has_users_for_each_process(tmp_path: Path, users: int, processes: int, is_enough: bool) -> None:
    """Two members of each process say nothing, and the processes take equal parts."""
    people = tmp_path / "people.csv"
    people.write_text("user\n" + "".join(f"u{number}\n" for number in range(10)))
    target = asked(host=file_of(tmp_path, f'[users]\nfile = "{people}"')).target

    with contextlib.nullcontext() if is_enough else pytest.raises(TargetFileError, match="run with fewer users"):
        check_users(target, users, processes)
