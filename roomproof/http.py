"""The HTTP side of a target."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import msgspec
import urllib3

from roomproof.printable import escaped
from roomproof.target import LONGEST_DEADLINE, Target
from roomproof.watchdog import cut_after

BODY_BYTES = 16 * 2**20
"""No answer of a chat server is longer."""


class UnreachableError(Exception):
    """The target gave no HTTP answer at all."""

    def __init__(self, sentence: str) -> None:
        super().__init__(escaped(sentence))


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

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


class _Connection(urllib3.connection.HTTPConnection):
    """The head of its answer comes within the timeout as a whole, not only each part of it."""

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with cut_after(self.timeout or LONGEST_DEADLINE, self.sock):
            return super().getresponse()


class _TlsConnection(urllib3.connection.HTTPSConnection):
    """The same, over TLS."""

    def getresponse(self) -> urllib3.response.HTTPResponse:  # type: ignore[override]  # as urllib3's own
        with cut_after(self.timeout or LONGEST_DEADLINE, self.sock):
            return super().getresponse()


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Http:
    """HTTP requests to a target, each on a connection of its own, so that none can meet a connection just given up."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._pool = urllib3.PoolManager(
            retries=False,
            headers={**target.headers, "Connection": "close"},
            ssl_context=target.tls() if target.is_tls else None,
        )
        self._pool.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def request(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> Answer:
        """Ask, with `body` as JSON or `raw` as it is.

        Raises UnreachableError where no HTTP answer comes within the deadline.
        """
        headers = dict(self._pool.headers)
        data = raw
        if raw is None and body is not None:
            data = msgspec.json.encode(body)
        if data is not None:
            headers["Content-Type"] = "application/json"
        timeout = urllib3.Timeout(total=self._target.deadline)
        url = self._target.url + path
        until = time.monotonic() + self._target.deadline
        try:
            with self._pool.request(
                method, url, body=data, headers=headers, timeout=timeout, redirect=False, preload_content=False
            ) as answer:
                content = _read(answer, until)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise UnreachableError(f"{method} {path} got no HTTP answer: {error}") from error
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, content)

    def stats(self) -> Answer:
        """GET the statistics of the instance that answers."""
        return self.request("GET", "/api/chats/ws/stats")

    def clock_ahead_ns(self) -> int:
        """How far the server's clock is ahead of ours, by the Date of its answers; 0 where the difference is below 2 s.

        Raises UnreachableError.
        """
        before = time.time()
        date = self.stats().headers.get("date", "")
        after = time.time()
        try:
            ahead = parsedate_to_datetime(date).timestamp() + 0.5 - (before + after) / 2
        except ValueError:
            return 0
        return 0 if abs(ahead) < 2 else round(ahead * 1e9)


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
