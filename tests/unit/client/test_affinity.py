"""Each client shows a front who it is: by an address, a cookie or a header."""

import itertools
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, cast

import pytest

from roomproof.client.connection import ClientConnection
from roomproof.client.http import Http
from roomproof.client.target import Target, UsageError
from roomproof.client.target_file import read_target
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.affinity import CLIENTS
from roomproof.dialects.session import Session
from roomproof.load.transport.socket import RefusedError, connect
from roomproof.recorder import Recorder
from roomproof.stage.clients import observe
from tests.listening import in_threads

STICKY = 'capabilities = ["sticky"]'
FIRST, SECOND = CLIENTS[:2]


def target_of(folder: Path, url: str, *lines: str) -> Target:
    path = folder / "target.toml"
    path.write_text("\n".join([f'url = "{url}"', *lines]))
    return read_target(str(path))


class Front(BaseHTTPRequestHandler):
    """Refuses everything, and names an instance by the cookie that it sets."""

    cookies: list[str]
    """The cookies of all requests."""
    number: "itertools.count[int]"
    sets = "route"

    def do_GET(self) -> None:
        sent = self.headers.get("Cookie", "")
        self.cookies.append(sent)
        self.send_response(403)
        if "route=" not in sent:
            place = next(self.number)
            self.send_header("Set-Cookie", "session=x; Path=/")
            self.send_header("Set-Cookie", f"{self.sets}=v{place}; Path=/; HttpOnly")
            sent = f"route=v{place}"
        self.send_header("X-Pod", f"pod-{int(sent.rpartition('=v')[2] or 0) % 2}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def front(**attributes: object) -> Any:
    return type("ThisFront", (Front,), {"cookies": [], "number": itertools.count(), **attributes})


def request(target: Target, client: str | None) -> None:
    Http(target).request("GET", "/", source=client)


def shake_hands(target: Target, client: str | None) -> None:
    ClientConnection(target, Recorder(), "kitchen", "alice").open(source=client)


def shake_hands_under_load(target: Target, client: str | None) -> None:
    with pytest.raises(RefusedError):
        connect(target, Session("kitchen", target.user("alice")), cast(Any, None), source=client)


WAYS = [request, shake_hands, shake_hands_under_load]


@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("then", WAYS)
def test_a_client_sends_back_its_cookie(
    tmp_path: Path, first: Callable[[Target, str | None], None], then: Callable[[Target, str | None], None]
) -> None:
    server = front()
    with in_threads(server) as address:
        target = target_of(tmp_path, f"http://{address}", 'affinity = "cookie:route"')
        first(target, FIRST)
        first(target, SECOND)
        then(target, FIRST)
        then(target, SECOND)
        target.cookies.forget(SECOND)
        then(target, SECOND)

    assert server.cookies == ["", "", "route=v0", "route=v1", ""]


def test_a_cookie_goes_out_beside_those_of_the_user(tmp_path: Path) -> None:
    server = front()
    with in_threads(server) as address:
        lines = ('affinity = "cookie:route"', '[headers]\nCookie = "session=s3cret"', '[connect]\ncookies = {a = "b"}')
        target = target_of(tmp_path, f"http://{address}", *lines)
        request(target, FIRST)
        request(target, FIRST)
        shake_hands(target, FIRST)

    assert server.cookies == ["session=s3cret", "session=s3cret; route=v0", "a=b; route=v0"]
    assert "v0" not in repr(target)


def test_whoever_has_no_name_is_the_first_client(tmp_path: Path) -> None:
    server = front()
    with in_threads(server) as address:
        target = target_of(tmp_path, f"http://{address}", 'affinity = "cookie:route"')
        request(target, None)
        shake_hands(target, None)
        request(target, FIRST)

    assert (server.cookies, target.clients) == (["", "route=v0", "route=v0"], (FIRST,))


def test_clients_have_different_values_of_a_header(tmp_path: Path) -> None:
    target = target_of(tmp_path, "http://h", 'affinity = "header:X-Client"', STICKY)

    assert (target.clients, target.headers_of(FIRST)) == (CLIENTS, {"X-Client": FIRST})
    assert target.headers_of(SECOND) != target.headers_of(FIRST)
    assert target.headers_of(None) == target.headers_of(FIRST)


@pytest.mark.parametrize("affinity", ["cookie:route", "header:X-Client"])
def test_clients_with_names_take_the_addresses_in_turn(tmp_path: Path, affinity: str) -> None:
    lines = (STICKY, f'affinity = "{affinity}"', 'source_addresses = ["127.0.1.1", "127.0.2.1"]')
    target = target_of(tmp_path, "http://h", *lines)

    bound = [target.bound_to(client) for client in target.clients[:3]]
    assert bound == [("127.0.1.1", 0), ("127.0.2.1", 0), ("127.0.1.1", 0)]
    assert target.bound_to(None) == ("127.0.1.1", 0)


def test_without_affinity_there_are_no_clients(tmp_path: Path) -> None:
    target = target_of(tmp_path, "http://h", 'affinity = "none"', 'source_addresses = ["127.0.1.1"]')

    assert (target.clients, target.is_steered, target.bound_to("pod-1"), target.headers_of("pod-1")) == (
        (),
        True,
        None,
        {},
    )


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        (('affinity = "cookie:a b"',), "target.toml, affinity: expected the name of a cookie"),
        (
            ('affinity = "none"', 'capabilities = ["sticky"]'),
            "target.toml, affinity: expected an affinity for the capability sticky, got none",
        ),
        (('affinity = "cookie:a"', '[headers]\nCookie = "b=c; a=secret"'), "a cookie that nothing else sends, got 'a'"),
        (('affinity = "cookie:a"', '[connect]\ncookies = {a = "{user}"}'), "a cookie that nothing else sends, got 'a'"),
        (('affinity = "header:X-A"', '[headers]\nx-a = "secret"'), "a header that nothing else sends, got 'X-A'"),
        (('affinity = "header:X-A"', '[connect]\nheaders = {X-A = "b"}'), "a header that nothing else sends"),
    ],
)
def test_an_affinity_that_contradicts_the_rest_is_refused(
    tmp_path: Path, lines: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint) as refused:
        target_of(tmp_path, "http://h", *lines)

    assert "secret" not in str(refused.value)


UNSTUCK_POD = 'instance_header = "X-Pod"'
POD = f"{STICKY}\n{UNSTUCK_POD}"


def test_clients_without_a_cookie_reach_several_instances(tmp_path: Path) -> None:
    with in_threads(front()) as address:
        target = target_of(tmp_path, f"http://{address}", 'affinity = "cookie:route"', POD)
        found = observe(target, Http(target))

    assert found == {client: f"pod-{number % 2}" for number, client in enumerate(CLIENTS)}


def test_a_front_that_never_sets_the_cookie_is_named(tmp_path: Path) -> None:
    with in_threads(front(sets="other")) as address:
        target = target_of(tmp_path, f"http://{address}", 'affinity = "cookie:route"', POD)
        with pytest.raises(LocalTroubleError, match=r"expected the front to set the cookie route .* correct affinity"):
            observe(target, Http(target))


def test_a_front_without_affinity_has_to_name_its_instances(tmp_path: Path) -> None:
    with in_threads(front()) as address:
        named = target_of(tmp_path, f"http://{address}", 'affinity = "none"', UNSTUCK_POD)
        unnamed = target_of(tmp_path, f"http://{address}", 'affinity = "none"')

        assert observe(named, Http(named)) == {"pod-0": "pod-0", "pod-1": "pod-1"}
        with pytest.raises(LocalTroubleError, match="name the instance in the header X-Upstream, got none"):
            observe(unnamed, Http(unnamed))


def test_a_request_is_sent_again_until_the_instance_answers(tmp_path: Path) -> None:
    with in_threads(front()) as address:
        target = target_of(tmp_path, f"http://{address}", 'affinity = "none"', UNSTUCK_POD)
        http = Http(target)

        assert [http.stats(pod).instance for pod in ("pod-1", "pod-1", "pod-0")] == ["pod-1", "pod-1", "pod-0"]
        with pytest.raises(LocalTroubleError, match="expected to reach the instance pod-9 in 20 attempts"):
            http.stats("pod-9")
