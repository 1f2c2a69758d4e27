"""nginx with the shipped configuration: its choice of an instance, its retries."""

import contextlib
import http.server
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

from roomproof.topologies.front import Nginx
from roomproof.topologies.ports import reserved_port
from tests.listening import in_threads
from tests.topologies.leftovers import eventually

pytestmark = pytest.mark.usefixtures("nginx")


class _Backend(http.server.BaseHTTPRequestHandler):
    """Answers with the client address in X-Real-IP; hangs up on /broken."""

    requests: list[str]

    def do_GET(self) -> None:
        self.requests.append(f"{self.command} {self.path}")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/broken":
            return
        answer = self.headers["X-Real-IP"].encode()
        self.send_response(503 if self.path == "/away" else 200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET  # noqa: N815 - the library looks for this name

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def backend() -> Iterator[tuple[str, list[str]]]:
    """Run a server; yields its address and the requests that it has received."""
    requests: list[str] = []
    handler = type("Handler", (_Backend,), {"requests": requests})
    with in_threads(handler) as address:
        yield address, requests


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[str, list[list[str]]]]:
    """The URL of a front of two instances, and the requests that each has received."""
    with backend() as (one, to_one), backend() as (two, to_two), reserved_port() as port:
        nginx = Nginx.prepare(tmp_path / "nginx", port, [one, two])
        nginx.start()
        yield nginx.url, [to_one, to_two]
        nginx.stop()


def ask(url: str, method: str = "GET", *, source: str = "127.0.0.1", forwarded: str = "") -> urllib3.BaseHTTPResponse:
    pool = urllib3.PoolManager(source_address=(source, 0), retries=False, timeout=20)
    return pool.request(method, url, headers={"X-Forwarded-For": forwarded} if forwarded else {})


def upstream(answer: urllib3.BaseHTTPResponse) -> str:
    return str(answer.headers["X-Upstream"])


def test_an_address_keeps_its_instance_and_many_reach_both(front: tuple[str, list[list[str]]]) -> None:
    url, _ = front
    by_address = {
        number: {upstream(ask(url, source=f"127.0.{number}.{last}")) for last in (1, 2, 9)} for number in range(1, 9)
    }

    assert all(len(reached) == 1 for reached in by_address.values())
    assert len(set.union(*by_address.values())) == 2


def test_an_address_that_this_machine_forwards_is_believed(front: tuple[str, list[list[str]]]) -> None:
    url, _ = front
    answers = {number: ask(url, forwarded=f"203.0.{number}.7") for number in range(8)}

    assert [answer.data.decode() for answer in answers.values()] == [f"203.0.{number}.7" for number in range(8)]
    assert len({upstream(answer) for answer in answers.values()}) == 2


def test_only_the_last_one_who_forwarded_is_believed(front: tuple[str, list[list[str]]]) -> None:
    url, _ = front

    assert ask(url, forwarded="203.0.113.7, 198.51.100.2").data == b"198.51.100.2"


def test_what_was_sent_is_not_sent_again(front: tuple[str, list[list[str]]]) -> None:
    url, requests = front

    answer = ask(f"{url}/broken", "POST")

    assert answer.status == 502
    assert answer.json() == {"error": "no instance of the service can be reached"}
    assert sorted(requests) == [[], ["POST /broken"]]


def test_what_may_be_asked_again_is_asked_elsewhere(front: tuple[str, list[list[str]]]) -> None:
    url, requests = front

    ask(f"{url}/broken")

    assert requests == [["GET /broken"], ["GET /broken"]]


def test_an_answer_of_the_service_is_handed_on(front: tuple[str, list[list[str]]]) -> None:
    url, requests = front

    answer = ask(f"{url}/away")

    assert (answer.status, answer.data) == (503, b"127.0.0.1")
    assert sorted(requests) == [[], ["GET /away"]]


def test_queries_are_not_logged(front: tuple[str, list[list[str]]], tmp_path: Path) -> None:
    ask(f"{front[0]}/chat?token=s3cret")

    log = tmp_path / "nginx.log"
    assert eventually(lambda: '"GET /chat"' in log.read_text())
    assert "s3cret" not in log.read_text()
