"""The first look tells another protocol from a server of ours that breaks a rule."""

import json
import socket
import ssl
import time
from pathlib import Path

import pytest
import trustme

from tests.faults.nulls import Behaviour, accept_websocket, answer, good_http, null_server, read_request
from tests.suite.verify import Run, verify

DEADLINE = 1.0
ROOM = {"id": "chat-1", "name": "x", "metadata": {}, "created_at": "2025-12-23T22:12:34"}


def look(folder: Path, url: str, *arguments: str) -> Run:
    return verify(folder, "test_order.py", "--target", url, "--deadline", str(DEADLINE), *arguments)


def answers(status: str, body: object) -> Behaviour:
    """A server that answers every request alike."""

    def behave(link: socket.socket) -> None:
        read_request(link)
        answer(link, status, body)

    return behave


def answers_handshakes(status: str) -> Behaviour:
    """A server that makes rooms, and answers handshakes like this."""

    def behave(link: socket.socket) -> None:
        if good_http(link) is not None:
            answer(link, status, {"error": "no"})

    return behave


def answers_frames(*frames: object) -> Behaviour:
    """A server that takes members, and answers each frame with these."""

    def behave(link: socket.socket) -> None:
        headers = good_http(link)
        if headers is None:
            return
        accept_websocket(link, headers)
        while link.recv(65_536):
            for frame in frames:
                payload = json.dumps(frame).encode()
                link.sendall(bytes((0x81, 126)) + len(payload).to_bytes(2) + payload)

    return behave


def greets(link: socket.socket) -> None:
    link.sendall(b"220 mail.example ESMTP\r\n")
    while link.recv(65_536):
        pass


def redirects(link: socket.socket) -> None:
    read_request(link)
    link.sendall(b"HTTP/1.1 301 Moved\r\nLocation: https://h\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize(
    ("behave", "got"),
    [
        pytest.param(answers("404 Not Found", {}), "got 404", id="no such path"),
        pytest.param(answers("405 Method Not Allowed", {}), "got 405", id="no such method"),
        pytest.param(answers("501 Not Implemented", {}), "got 501", id="not implemented"),
        pytest.param(answers("200 OK", "<html>Welcome"), "Welcome", id="a string"),
        pytest.param(answers("201 Created", {"roomId": "7"}), "roomId", id="an id under another key"),
        pytest.param(redirects, "got 301", id="a redirection"),
        pytest.param(answers_handshakes("404 Not Found"), "HTTP status 404", id="no such handshake"),
        pytest.param(answers_handshakes("400 Bad Request"), "HTTP status 400", id="a bad handshake"),
        pytest.param(answers_handshakes("426 Upgrade Required"), "HTTP status 426", id="another upgrade"),
        pytest.param(answers_handshakes("200 OK"), "HTTP status 200", id="a handshake answered by a page"),
        pytest.param(answers_frames({"event": "msg", "data": {"text": "x"}}), '"event"', id="other frames"),
        pytest.param(answers_frames(["0", "hello"]), "hello", id="frames that are no objects"),
        pytest.param(greets, "220 mail.example", id="a mail server"),
    ],
)
def test_another_protocol_is_inconclusive(tmp_path: Path, behave: Behaviour, got: str) -> None:
    with null_server(behave) as server:
        run = look(tmp_path, server.url)

    assert (run.code, run.verdict["verdict"], run.rules("broken")) == (3, "inconclusive", set()), run.output
    assert got in run.verdict["reason"]


def test_a_server_with_tls_is_inconclusive_under_http(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)

    with null_server(lambda link: context.wrap_socket(link, server_side=True).close()) as server:
        run = look(tmp_path, server.url)

    assert (run.code, run.rules("broken")) == (3, set()), run.output
    assert "name it by https://" in run.verdict["reason"]


def test_a_server_without_tls_is_inconclusive_under_https(tmp_path: Path) -> None:
    def behave(link: socket.socket) -> None:
        link.recv(65_536)
        answer(link, "400 Bad Request", {})

    with null_server(behave) as server:
        run = look(tmp_path, server.url.replace("http:", "https:"))

    assert (run.code, run.rules("broken")) == (3, set()), run.output
    assert "name it by http://" in run.verdict["reason"]


@pytest.mark.parametrize("missing", ["type", "content", "sender_id", "chat_id", "timestamp"])
def test_a_renamed_field_breaks_one_rule(tmp_path: Path, missing: str) -> None:
    frame = {
        "type": "message",
        "content": "x",
        "sender_id": "alice",
        "chat_id": "chat-1",
        "timestamp": "2025-12-23T22:12:34",
    }
    frame["renamed"] = frame.pop(missing)

    with null_server(answers_frames(frame)) as server:
        run = look(tmp_path, server.url)

    assert (run.code, run.rules("broken")) == (1, {"DELIVER-7"}), run.output


def slow(path: str) -> Behaviour:
    """A server that answers POST to one path, or to all, too late."""

    def behave(link: socket.socket) -> None:
        first = link.recv(65_536, socket.MSG_PEEK).split()[:2]
        if first[0] == b"POST" and first[1].decode().endswith(path):
            time.sleep(1.2 * DEADLINE)
        good_http(link)

    return behave


def test_a_slow_server_breaks_the_rule_of_the_slow_request(tmp_path: Path) -> None:
    with null_server(slow("")) as server:
        run = look(tmp_path, server.url)

    assert (run.code, run.rules("broken")) == (1, {"CREATE-1"}), run.output
    assert "an answer to POST /api/chats within 1 s, got it after 1." in run.verdict["reason"]


SLOW_LATER = """
import pytest
from roomproof.client.http import Http

request = Http.request

@pytest.fixture(autouse=True)
def impatient(target, monkeypatch):
    def hurry(self, method, path, *arguments, **options):
        if (method, path.rpartition("/")[2]) == {slow!r}:
            options["within"] = 1e-5
        return request(self, method, path, *arguments, **options)

    monkeypatch.setattr(Http, "request", hurry)
"""
"""A plugin that lets some requests of all scenarios be too slow."""


@pytest.mark.parametrize(
    ("slow", "rule"),
    [
        pytest.param(("POST", "chats"), "CREATE-1", id="making a room"),
        pytest.param(("POST", "participants"), "PARTICIPANTS-1", id="adding participants"),
    ],
)
def test_a_slow_setting_leaves_the_rules_of_a_scenario_untested(
    tmp_path: Path, slow: tuple[str, str], rule: str
) -> None:
    (tmp_path / "impatient.py").write_text(SLOW_LATER.format(slow=slow))
    run = verify(tmp_path, "test_order.py", "-p", "impatient", environment={"PYTHONPATH": str(tmp_path)})

    assert (run.code, run.rules("broken")) == (1, {rule}), run.output
    assert run.rules("held") == set()
    assert f"expected an HTTP answer to {slow[0]} /api/chats" in run.output
