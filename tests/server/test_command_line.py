import shlex
import socket
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from reference_server import listening
from reference_server.__main__ import main
from reference_server.options import Options
from roomproof.topologies.ports import accepts, reserved_port
from tests.server.process import PATIENCE, ROOT, command, eventually, running


def run(*options: str) -> "subprocess.CompletedProcess[str]":
    """Run a server that is expected to end by itself."""
    return subprocess.run(
        command("--port", "0", *options),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_help_names_every_option_with_its_variable() -> None:
    text = run("--help").stdout

    for option in [field.name.upper() for field in fields(Options)] + ["LOG_LEVEL"]:
        assert "--" + option.lower().replace("_", "-") in text
        assert f"CHAT_{option}" in text.replace("\n", "").replace(" ", "")


def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("--port", str(port), "--database", ":memory:")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"reference_server: cannot listen on 127.0.0.1 port {port}: Address already in use\n"


@pytest.mark.parametrize("redirection", [">&-", ">/dev/full", "2>&-", ">&- 2>&- <&-"])
def test_a_broken_standard_output_does_not_end_the_server(tmp_path: Path, redirection: str) -> None:
    log = tmp_path / "stderr.txt"
    with reserved_port() as port, log.open("w") as stderr:
        arguments = shlex.join(command("--port", str(port), "--database", ":memory:"))
        with subprocess.Popen(f"exec {arguments} {redirection}", shell=True, cwd=ROOT, stderr=stderr) as process:
            try:
                eventually(lambda: accepts(port), "the server listens")
                process.terminate()
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()
    text = log.read_text()

    assert "Traceback" not in text
    assert "Assertion" not in text


def test_the_address_is_said_once(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.end() == 0
        assert str(server.address[1]) not in server.log


def test_a_name_is_listened_on_in_every_family(monkeypatch: pytest.MonkeyPatch) -> None:
    addresses = [(socket.AF_INET6, ("::1", 0, 0, 0)), (socket.AF_INET, ("127.0.0.1", 0))]
    found = [(family, socket.SOCK_STREAM, 6, "", address) for family, address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found + found)

    listeners = listening.bind("localhost", 0)
    try:
        ports = {listener.getsockname()[1] for listener in listeners}
        hosts = [listener.getsockname()[0] for listener in listeners]
        assert len(ports) == 1
        assert hosts == [address[0] for family, address in addresses if family == socket.AF_INET or has_ipv6()]
    finally:
        for listener in listeners:
            listener.close()


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_an_unknown_host_is_one_line_and_exit_code_1() -> None:
    result = run("--host", "no.such.host.invalid", "--database", ":memory:")

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("reference_server: cannot listen on no.such.host.invalid port 0: ")
    assert result.stderr.count("\n") == 1


def test_an_unusable_database_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    result = run("--database", str(tmp_path / "nowhere" / "chats.sqlite3"))

    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("reference_server: cannot use the database ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "variables"),
    [
        (["--port", "65536"], {}),
        (["--port", "http"], {}),
        (["--heartbeat", "-1"], {}),
        (["--heartbeat", "nan"], {}),
        (["--log-level", "loud"], {}),
        (["--no-such-option"], {}),
        (["--store", "mongodb"], {}),
        (["--dynamodb-endpoint", "localhost:8000"], {}),
        (["--dynamodb-endpoint", "http://localhost:99999"], {}),
        (["--dynamodb-endpoint", "http://[::1"], {}),
        (["--broadcast", "localhost:6379"], {}),
        (["--broadcast", "redis://localhost:99999"], {}),
        (["--broadcast", "redis://[::1"], {}),
        (["--broadcast", "redis://localhost:none"], {}),
        (["--broadcast", "redis://localhost/rooms"], {}),
        ([], {"CHAT_BROADCAST": "amqp://localhost"}),
        ([], {"CHAT_HEARTBEAT": "often"}),
        ([], {"CHAT_LOG_LEVEL": "loud"}),
    ],
)
def test_a_wrong_option_is_a_usage_error(
    options: list[str],
    variables: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["reference_server", *options])
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(SystemExit) as exit_:
        main()

    assert exit_.value.code == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "error: argument" in printed.err or "error: unrecognized" in printed.err


def test_variables_set_what_options_do_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAT_HOST", "::1")
    monkeypatch.setenv("CHAT_PORT", "1")
    monkeypatch.setenv("CHAT_LOG_LEVEL", "")
    with running(tmp_path, "--port", "0") as server:
        assert server.url.startswith("http://[::1]:")
        assert server.address[1] != 1
        assert server.ask("GET", "/health").status == 200


def test_servers_share_the_rooms_in_a_file(tmp_path: Path) -> None:
    database = str(tmp_path / "chats.sqlite3")
    with running(tmp_path, "--database", database) as one:
        room = one.make_room()
        with running(tmp_path, "--database", database) as other:
            assert other.ask("GET", f"/api/chats/{room}").status == 200
        assert one.end() == 0
    with running(tmp_path, "--database", database) as later:
        alice = later.connect(room, "alice")
        alice.say("still here")
        assert alice.hears()["content"] == "still here"


def test_the_server_imports_nothing_of_the_harness() -> None:
    program = (
        "import sys, pkgutil, importlib, reference_server\n"
        "for module in pkgutil.iter_modules(reference_server.__path__):\n"
        "    if module.name not in ('__main__', 'asgi'): importlib.import_module('reference_server.' + module.name)\n"
        "assert 'roomproof' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, timeout=PATIENCE)
