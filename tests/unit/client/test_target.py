"""Targets are read in full, or refused with a sentence that says what to expect."""

from pathlib import Path

import pytest

from roomproof.client.target import UsageError
from roomproof.client.target_file import read_target
from roomproof.dialects.session import Session
from roomproof.spec.rules import Capability


def test_a_url_is_a_target() -> None:
    target = read_target("http://localhost:8080/")

    assert (target.url, target.address, target.is_tls) == ("http://localhost:8080", ("localhost", 8080), False)


def test_the_default_port_is_that_of_the_scheme() -> None:
    assert read_target("http://chat.example").address == ("chat.example", 80)
    assert read_target("https://chat.example").address == ("chat.example", 443)


def websocket_url(url: str, room: str, user: str | None) -> str:
    target = read_target(url)
    return target.websocket_url(target.dialect.handshakes.handshake(Session(room, target.user(user))))


def test_a_user_id_is_percent_encoded() -> None:
    url = websocket_url("https://h/base", "chat-1'", "a&b c+é/")

    assert url == "wss://h/base/api/chats/ws/chat-1%27?user_id=a%26b%20c%2B%C3%A9%2F"


def test_nobody_has_no_user_id() -> None:
    assert websocket_url("http://h", "x", None) == "ws://h/api/chats/ws/x"
    assert websocket_url("http://h", "x", "") == "ws://h/api/chats/ws/x?user_id="


def test_headers_may_be_secret_and_are_not_shown() -> None:
    assert "token" not in repr(read_target("http://h", headers=["Authorization: Bearer token"]))


@pytest.mark.parametrize("url", ["http://alice:secret@h", "http://[::1"])
def test_a_refused_url_does_not_repeat_a_password(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        read_target(url)

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "header", ["Bearer secret", "X: \u20ac secret", "X: a\r\nb: secret", "a b: secret", ": secret"]
)
def test_a_refused_header_is_not_repeated(header: str) -> None:
    with pytest.raises(UsageError, match="expected a header") as refused:
        read_target("http://h", headers=[header])

    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("deadline", [0.0, -1.0, 1e-9, 1e10, float("inf"), float("nan")])
def test_a_deadline_is_refused(deadline: float) -> None:
    with pytest.raises(UsageError, match="expected a deadline from"):
        read_target("http://h", deadline=deadline)


def test_a_file_and_the_command_line_add_up(tmp_path: Path) -> None:
    file = tmp_path / "staging.toml"
    file.write_text(
        'url = "http://staging:81"\ncapabilities = ["fetch", "heartbeat=30"]\n'
        'source_addresses = ["127.0.1.1"]\n[headers]\nX-Team = "chat"\n'
    )

    target = read_target(str(file), capabilities=["ping"], headers=["Authorization: Bearer a:b"])

    assert target.capabilities == {Capability.FETCH: None, Capability.HEARTBEAT: 30.0, Capability.PING: None}
    assert target.headers == {"X-Team": "chat", "Authorization": "Bearer a:b"}
    assert target.source_addresses == ("127.0.1.1",)


@pytest.mark.parametrize(
    "url",
    ["localhost:8080", "ws://localhost", "http://", "http://h:99999", "http://h:x", "http://u:p@h", "http://h?a=b", ""],
)
def test_a_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="expected"):
        read_target(url)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("url = ", "Invalid value", id="no TOML"),
        pytest.param('capabilities = ["fetch"]', "url", id="no url"),
        pytest.param('url = "http://h"\nspeed = 3', "speed", id="an unknown key"),
        pytest.param('url = "http://h"\ncapabilities = "fetch"', "capabilities", id="a text for a list"),
        pytest.param('url = "http://h"\ncapabilities = ["flight"]', "flight", id="an unknown capability"),
    ],
)
def test_a_file_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    file = tmp_path / "t.toml"
    file.write_text(text)

    with pytest.raises(UsageError, match=complaint):
        read_target(str(file))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the target file"):
        read_target(str(tmp_path / "no.toml"))


@pytest.mark.parametrize("name", ["flight", "heartbeat", "heartbeat=soon", "heartbeat=-1", "heartbeat=inf", "fetch=1"])
def test_a_capability_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        read_target("http://h", capabilities=[name])


@pytest.mark.parametrize("header", ["Authorization", ": x", "A: b\r\nC: d"])
def test_a_header_is_refused(header: str) -> None:
    with pytest.raises(UsageError, match="expected a header"):
        read_target("http://h", headers=[header])


def test_the_authorities_are_looked_at_before_the_run(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="PEM"):
        read_target("https://h", ca=str(tmp_path / "no.pem"))


def target_file(folder: Path, *lines: str) -> str:
    path = folder / "target.toml"
    path.write_text("\n".join(['url = "http://h"', *lines]))
    return str(path)


def test_a_client_address_is_one_to_bind_to_or_one_to_forward(tmp_path: Path) -> None:
    bound = read_target(target_file(tmp_path, 'source_addresses = ["127.0.1.1"]'))
    forwarded = read_target(target_file(tmp_path, 'forwarded_addresses = ["203.0.113.1"]'))

    assert (bound.addresses, bound.bound_to("127.0.1.1"), bound.headers_of("127.0.1.1")) == (
        ("127.0.1.1",),
        ("127.0.1.1", 0),
        {},
    )
    assert (forwarded.addresses, forwarded.bound_to("203.0.113.1")) == (("203.0.113.1",), None)
    assert forwarded.headers_of("203.0.113.1") == {"X-Forwarded-For": "203.0.113.1"}
    assert (bound.bound_to(None), forwarded.headers_of(None)) == (None, {})


@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(('source_addresses = ["here"]',), id="no address"),
        pytest.param(('source_addresses = ["::1"]', 'forwarded_addresses = ["::1"]'), id="both kinds"),
    ],
)
def test_wrong_client_addresses_are_refused(tmp_path: Path, lines: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="addresses"):
        read_target(target_file(tmp_path, *lines))


def test_participants_only_needs_a_way_to_add_them(tmp_path: Path) -> None:
    lines = (
        'capabilities = ["participants-only"]',
        'without = ["notices", "errors", "sender", "timestamps"]',
        'room = {implicit = "room-{random}"}',
        'connect = {path = "/{room}"}',
        'say = {frame = {text = "{content}"}}',
        'hear = [{message = {content = "text"}}]',
    )
    with pytest.raises(UsageError, match=r"way to add participants in .*target\.toml.*write add in \[room\]"):
        read_target(target_file(tmp_path, *lines))
