"""The HTTP side of a target."""

import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import msgspec
import urllib3

from roomproof.client.target import LONGEST_DEADLINE, Target
from roomproof.client.watchdog import cut_after
from roomproof.printable import escaped

BODY_BYTES = 16 * 2**20
"""No answer of a chat server is longer."""

DATE_PRECISION_S = 2
"""Differences of the clocks below this many seconds cannot be told from the rounding of a Date header."""


class UnreachableError(Exception):
    """The target gave no HTTP answer at all."""

    def __init__(self, sentence: str) -> None:
        super().__init__(escaped(sentence))


def served_by(upstream: str | None) -> str | None:
    """The instance that served, out of an X-Upstream; the last one, where several were tried."""
    return re.split(r"(?:,| :) ", upstream)[-1] if upstream else None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def instance(self) -> str | None:
        """The instance that served, where the front says so."""
        return served_by(self.headers.get("x-upstream"))

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    def json(self) -> object:
        """The body as JSON; None where it is not."""
        try:
            value: object = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return value

    def fields(self) -> dict[str, object]:
        """The body as a JSON object; empty where it is not one."""
        value = self.json()
        return value if isinstance(value, dict) else {}

    def __str__(self) -> str:
        return f"{self.status} {self.body[:300].decode(errors='replace')!r}"


class _HttpConnection(urllib3.connection.HTTPConnection):
    """The head of its answer comes within the timeout as a whole, not only each part of it."""

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with cut_after(self.timeout or LONGEST_DEADLINE, self.sock):
            return super().getresponse()

    def __str__(self) -> str:
        """What it is called in the library's errors."""
        return f"{self.host}:{self.port}"


class _HttpsConnection(_HttpConnection, urllib3.connection.HTTPSConnection):
    """The same, over TLS."""


class _UsedOnce(urllib3.HTTPConnectionPool):
    """Keeps no connection open: a server that closes one need not say so in its answer (RFC 9112, 9.6)."""

    def __str__(self) -> str:
        """What it is called in the library's errors."""
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
    """HTTP requests to a target, each on a connection of its own, so that none can meet a connection just given up.

    `home` is the client address from which they come, unless they are told another.
    """

    def __init__(self, target: Target, home: str | None = None) -> None:
        self._target = target
        self.home = home
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def _pool(self, address: str | None) -> urllib3.PoolManager:
        if address not in self._pools:
            pool = self._pools[address] = urllib3.PoolManager(
                retries=False,
                maxsize=16,  # so many threads may ask at once
                headers={**self._target.headers_of(address), "Connection": "close"},
                ssl_context=self._target.tls() if self._target.is_tls else None,
                source_address=self._target.bound_to(address),
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
    ) -> Answer:
        """Ask, with `body` as JSON or `raw` as it is, from the client address `source`.

        Raises UnreachableError where no HTTP answer comes `within` so many seconds, or within the deadline.
        """
        pool = self._pool(source or self.home)
        headers = dict(pool.headers)
        data = raw
        if raw is None and body is not None:
            data = msgspec.json.encode(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        deadline = within or self._target.deadline
        timeout = urllib3.Timeout(total=deadline)
        url = self._target.url + path
        until = time.monotonic() + deadline
        try:
            with pool.request(
                method, url, body=data, headers=headers, timeout=timeout, redirect=False, preload_content=False
            ) as answer:
                content = _read(answer, until)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{method} {path} got no HTTP answer: {error}") from error
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def stats(self, source: str | None = None) -> Answer:
        """GET the statistics of the instance that answers."""
        return self.request("GET", "/api/chats/ws/stats", source=source)

    def clock_ahead_ns(self) -> int:
        """How far the server's clock is ahead of ours by the Date of its answers, 0 below DATE_PRECISION_S.

        Raises UnreachableError.
        """
        before = time.time()
        date = self.stats().headers.get("date", "")
        after = time.time()
        try:
            ahead = parsedate_to_datetime(date).timestamp() + 0.5 - (before + after) / 2
        except ValueError:
            return 0
        return 0 if abs(ahead) < DATE_PRECISION_S else round(ahead * 1e9)


def _read(answer: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The whole body. Raises TimeoutError where it is not there by then, OSError where it has no end."""
    body = bytearray()
    while part := answer.read1(65_536):
        body += part
        if time.monotonic() > until:
            raise TimeoutError(f"after {len(body)} bytes of its body the time was over")
        if len(body) > BODY_BYTES:
            raise OSError(f"its body has more than {BODY_BYTES} bytes")
    return bytes(body)
