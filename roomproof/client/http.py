"""HTTP requests to a target, and their answers."""

import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec
import urllib3

from roomproof.client.exchange_log import ExchangeLog
from roomproof.client.target import LONGEST_DEADLINE, Target
from roomproof.client.tcp import LocalTroubleError, local_trouble, open_tcp
from roomproof.client.watchdog import cut_after
from roomproof.dialects.affinity import served_by
from roomproof.dialects.rooms import Request
from roomproof.printable import escaped
from roomproof.spec.rules import Need

STEERED_ATTEMPTS = 20
"""Maximum number of requests or connections until a front without affinity chooses an instance."""

BODY_BYTES = 16 * 2**20
"""Maximum number of bytes of an answer's body; no chat server needs more."""


class UnreachableError(Exception):
    """The target gave no HTTP answer; the message says to which request, and why.

    `rule` is the one that a missing answer to this request breaks; None where the request belongs to no rule.
    """

    def __init__(self, sentence: str, rule: str | None = None) -> None:
        super().__init__(escaped(sentence))
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    instance_header: str = "x-upstream"
    """The header that names the instance, in lower case."""

    @property
    def instance(self) -> str | None:
        """The instance that served, where the front says so."""
        return served_by(self.headers.get(self.instance_header))

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """The body as JSON; None for a body that is not JSON."""
        try:
            value: object = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return value

    def fields(self) -> dict[str, object]:
        """The body as a JSON object; empty for any other body."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300].decode(errors='replace')!r}"


class _HttpConnection(urllib3.connection.HTTPConnection):
    """An HTTP connection that tries every address.

    The timeout limits the whole head of an answer.
    """

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, int | float) else LONGEST_DEADLINE
        try:
            link = open_tcp(self.host.strip("[]"), self.port, self.source_address, seconds)
        except TimeoutError as error:
            raise urllib3.exceptions.ConnectTimeoutError(self, f"no connection within {seconds:.3g} s") from error
        except OSError as error:
            raise urllib3.exceptions.NewConnectionError(self, f"no connection: {error}") from error
        link.settimeout(seconds)
        return link

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with cut_after(self.timeout or LONGEST_DEADLINE, self.sock):
            return super().getresponse()

    def __str__(self) -> str:
        """The name of the server in errors of the library."""
        return f"{self.host}:{self.port}"


class _HttpsConnection(_HttpConnection, urllib3.connection.HTTPSConnection):
    """An HTTPS connection with the same limit."""


class _UsedOnce(urllib3.HTTPConnectionPool):
    """A pool that uses each connection once.

    Servers may close a connection without notice (RFC 9112, section 9.6).
    """

    def __str__(self) -> str:
        """The name of the server in errors of the library."""
        return f"{self.host}:{self.port}"

    def _put_conn(self, conn: urllib3.connection.HTTPConnection | None) -> None:  # type: ignore[override]  # as urllib3's own
        if conn is not None:
            conn.close()
        super()._put_conn(conn)


class _HttpPool(_UsedOnce):
    ConnectionCls = _HttpConnection


class _HttpsPool(_UsedOnce, urllib3.HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


class Http:
    """HTTP requests to a target, each on a connection of its own.

    A connection that is used again could have been closed by the server. `home` is the client from which requests come
    by default.
    """

    def __init__(self, target: Target, home: str | None = None) -> None:
        self._target = target
        self.home = home
        self.log: ExchangeLog | None = None
        """Where exchanges are recorded; None while nobody keeps a history."""
        self._pools: dict[tuple[str, int] | None, urllib3.PoolManager] = {}

    def lacks(self, need: Need) -> bool:
        """Whether the target lacks something that PROTOCOL.md presumes."""
        return self._target.lacks(need)

    def _pool(self, address: tuple[str, int] | None) -> urllib3.PoolManager:
        if address not in self._pools:
            pool = self._pools[address] = urllib3.PoolManager(
                retries=False,
                maxsize=16,  # number of threads that can send requests at once
                ssl_context=self._target.tls() if self._target.is_tls else None,
                source_address=address,
            )
            pool.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return self._pools[address]

    def request(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        source: str | None = None,
        within: float | None = None,
        extra: Mapping[str, str] | None = None,
        shown: str | None = None,
        shown_body: object = None,
    ) -> Answer:
        """Send a request as the client `source`, with `extra` headers.

        Messages name it as `shown`, where its path holds secrets. The history has `shown_body` instead of its body.

        The body is `body` as JSON, or `raw` as it is. Raises UnreachableError if no HTTP answer arrives `within`
        seconds, by default the deadline, and LocalTroubleError for a failure on this machine.
        """
        what = shown or f"{method} {path}"
        client = source or self.home
        pool = self._pool(self._target.bound_to(client))
        headers = {**self._target.headers_of(client, extra), "Connection": "close"}
        data = raw
        if raw is None and body is not None:
            data = msgspec.json.encode(body)
        if data is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        deadline = within or self._target.deadline
        timeout = urllib3.Timeout(total=deadline)
        url = self._target.url + path
        until = time.monotonic() + deadline
        recorded = data if shown_body is None else msgspec.json.encode(shown_body)
        is_secret = (what, recorded) != (f"{method} {path}", data)
        number = self.log.request(what, recorded, headers, is_secret=is_secret) if self.log else 0
        try:
            with pool.request(
                method, url, body=data, headers=headers, timeout=timeout, redirect=False, preload_content=False
            ) as answer:
                content = _read(answer, until)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            if isinstance(error, urllib3.exceptions.LocationValueError):
                raise LocalTroubleError.of_library(f"send {what}", error) from error
            if trouble := local_trouble(f"send {what} to {self._target.url}", error):
                raise trouble from error
            why = _why_unanswered(what, deadline, error)
            if self.log:
                self.log.no_answer(number, escaped(why))
            raise UnreachableError(why, rule_of(method, path)) from error
        except (ValueError, TypeError) as error:
            raise LocalTroubleError.of_library(f"send {what}", error) from error
        if self.log:
            self.log.answer(number, answer.status, b"" if is_secret else content, headers)
        self._target.keep_cookie(client, answer.headers.getlist("Set-Cookie"))
        kept = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, kept, content, self._target.dialect.instance_header.lower())

    def send(self, request: Request, *, source: str | None = None, within: float | None = None) -> Answer:
        """Send a request of a dialect. Raises as `request` does."""
        ask = partial(
            self.request,
            request.method,
            request.path,
            request.body,
            source=source,
            within=within,
            extra=request.headers,
            shown=request.shown or None,
            shown_body=request.shown_body,
        )
        return self._from_instance(source, ask)

    def stats(self, source: str | None = None) -> Answer:
        """Request the statistics of the instance that answers the client `source`."""
        return self._from_instance(source, partial(self.request, "GET", "/api/chats/ws/stats", source=source))

    def _from_instance(self, source: str | None, ask: Callable[[], Answer]) -> Answer:
        """Ask, without affinity again and again until the wanted instance answers.

        Raises LocalTroubleError if it does not.
        """
        for _ in range(STEERED_ATTEMPTS):
            answer = ask()
            if not self._target.is_steered or source in (None, answer.instance):
                return answer
        raise LocalTroubleError.of_steering(source or "", STEERED_ATTEMPTS)


RULES = (
    ("POST", re.compile(r"/api/chats"), "CREATE-1"),
    ("POST", re.compile(r"/api/chats/[^/]+/participants"), "PARTICIPANTS-1"),
    ("GET", re.compile(r"/api/chats/ws/stats"), "STATS-1"),
    ("GET", re.compile(r"/api/chats/[^/]+"), "CREATE-5"),
    ("DELETE", re.compile(r"/api/chats/[^/]+"), "CREATE-6"),
    ("GET", re.compile(r"/health"), "STATS-5"),
)
"""The rule that a missing answer to each request breaks."""


def rule_of(method: str, path: str) -> str | None:
    """The rule that a missing answer to a request breaks; None where there is none."""
    return next((rule for verb, form, rule in RULES if verb == method and form.fullmatch(path)), None)


def _why_unanswered(what: str, seconds: float, error: Exception) -> str:
    if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
        return f"expected an HTTP answer to {what} within {seconds:g} s, got none: {error}"
    advice = ""
    if isinstance(error, urllib3.exceptions.SSLError):
        advice = "; if the server has no TLS, name it by http://"
    elif not isinstance(error, urllib3.exceptions.NewConnectionError):
        advice = "; if the server wants TLS, name it by https://"
    return f"{what} got no HTTP answer: {error}{advice}"


def _read(answer: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """Read the whole body.

    Raises TimeoutError after `until`, OSError beyond BODY_BYTES.
    """
    body = bytearray()
    while part := answer.read1(65_536):
        body += part
        if time.monotonic() > until:
            raise TimeoutError(f"expected the whole body in time, got {len(body)} bytes of it")
        if len(body) > BODY_BYTES:
            raise OSError(f"expected a body of at most {BODY_BYTES} bytes, got a longer one")
    return bytes(body)
