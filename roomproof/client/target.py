"""The server under test: its address, and what it declares."""

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from roomproof.client.cookies import AffinityCookies
from roomproof.client.service import Service
from roomproof.dialects.affinity import CLIENTS, Affinity, AffinityKind, cookie_in, served_by, with_cookie
from roomproof.dialects.dialect import Dialect
from roomproof.dialects.handshakes import Handshake
from roomproof.dialects.session import UserRow
from roomproof.errors import UsageError as UsageError
from roomproof.headers import RESERVED_HEADERS as RESERVED_HEADERS
from roomproof.headers import check_header, with_header
from roomproof.spec.limits import ANSWER_S
from roomproof.spec.rules import Capability, Need

LEAST_DEADLINE = 0.1
"""Minimum deadline in seconds."""

LONGEST_DEADLINE = 3600.0
"""Maximum deadline in seconds."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server under test.

    `url` has no trailing slash. `capabilities` maps to the declared number, or to None where there is no number.
    """

    url: str
    capabilities: dict[Capability, float | None] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    """Headers of every request and handshake.

    They can be secret, so no output shows them.
    """
    ca: str | None = None
    source_addresses: tuple[str, ...] = ()
    """Addresses of this machine to connect from, so that a front tells clients apart."""
    forwarded_addresses: tuple[str, ...] = ()
    """Client addresses to send as X-Forwarded-For to a front that believes it."""
    exclusive: bool = False
    deadline: float = ANSWER_S
    """Seconds for everything to which the protocol gives no time of its own."""
    instances: dict[str, str] = field(default_factory=dict)
    """The instance that each client reaches, where no header of the front names it."""
    deflate: bool = False
    """Whether connections offer compression, as browsers do."""
    service: Service = field(default_factory=Service)
    """How the server says what PROTOCOL.md says, and who its users are."""
    cookies: AffinityCookies = field(default_factory=AffinityCookies, repr=False, compare=False)
    """The cookies that the front has set for clients."""

    def __post_init__(self) -> None:
        """Raise UsageError for an unusable URL, header, deadline or client address."""
        _check_url(self.url)
        for name, value in self.headers.items():
            check_header(name, value)
        if not LEAST_DEADLINE <= self.deadline <= LONGEST_DEADLINE:
            expected = f"from {LEAST_DEADLINE:g} to {LONGEST_DEADLINE:g} seconds"
            raise UsageError(f"expected a deadline {expected}, got {self.deadline:g}; set it with --deadline")
        if self.source_addresses and self.forwarded_addresses:
            raise UsageError(
                "expected source_addresses or forwarded_addresses in the target file, got both; leave one out"
            )
        for address in self.addresses:
            try:
                ip_address(address)
            except ValueError as error:
                raise UsageError(
                    f"expected IP addresses as client addresses, got {address!r}; write one like 127.0.1.1"
                ) from error

    def declares(self, capability: Capability) -> bool:
        """Whether the target declares a capability."""
        return capability in self.capabilities

    @property
    def dialect(self) -> Dialect:
        """How the server says what PROTOCOL.md says."""
        return self.service.dialect

    def lacks(self, need: Need) -> bool:
        """Whether the service lacks something that PROTOCOL.md presumes."""
        return need in self.dialect.without

    @property
    def has_instances(self) -> bool:
        """Whether the target declares several instances."""
        return self.declares(Capability.STICKY) or self.declares(Capability.PUBSUB)

    @property
    def affinity(self) -> Affinity:
        """The affinity of the front, by which it sends a client to one instance."""
        return self.dialect.affinity

    @property
    def is_steered(self) -> bool:
        """Whether clients reach a certain instance only by connecting again and again."""
        return self.affinity.kind is AffinityKind.NONE

    @property
    def addresses(self) -> tuple[str, ...]:
        """The client addresses, whether to bind to or to forward."""
        return self.source_addresses or self.forwarded_addresses

    @property
    def clients(self) -> tuple[str, ...]:
        """The clients that the front can tell apart: addresses, or names of ours.

        Where no instances are declared, there is one name only.
        """
        if self.affinity.has_names:
            return CLIENTS if self.has_instances else CLIENTS[:1]
        return () if self.is_steered else self.addresses

    def _client(self, client: str | None) -> str | None:
        """A client, or else the default one, which has a name where clients have names."""
        return CLIENTS[0] if client is None and self.affinity.has_names else client

    def _address_of(self, client: str | None) -> str | None:
        """The address of a client; None lets the system choose.

        Clients with names of ours take the addresses in turn.
        """
        if client in CLIENTS and self.affinity.has_names:
            return self.addresses[CLIENTS.index(client) % len(self.addresses)] if self.addresses else None
        return None if self.is_steered else client

    def bound_to(self, client: str | None) -> tuple[str, int] | None:
        """The address and port to bind to as this client; None lets the system choose."""
        address = self._address_of(self._client(client))
        return (address, 0) if address and address not in self.forwarded_addresses else None

    def headers_of(self, client: str | None, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The headers that a client sends, with `more` of this request."""
        client, headers = self._client(client), self.headers
        for name, value in (more or {}).items():
            headers = with_header(headers, name, value)
        address = self._address_of(client)
        if address in self.forwarded_addresses:
            headers = with_header(headers, "X-Forwarded-For", str(address))
        if client is None:
            return headers
        if self.affinity.kind is AffinityKind.HEADER:
            return with_header(headers, self.affinity.name, client)
        cookie = self.cookies.of(client)
        return headers if cookie is None else with_cookie(headers, self.affinity.name, cookie)

    def handshake_headers(self, client: str | None, handshake: Handshake) -> tuple[str | None, dict[str, str]]:
        """Return the Host header that was asked for, or None, and the other headers.

        They are those of a handshake of this client.
        """
        headers = self.headers_of(client, handshake.headers)
        host = next((value for name, value in headers.items() if name.lower() == "host"), None)
        return host, {name: value for name, value in headers.items() if name.lower() != "host"}

    def keep_cookie(self, client: str | None, lines: Iterable[str]) -> None:
        """Keep the cookie of the affinity that the Set-Cookie headers of an answer have."""
        if self.affinity.kind is AffinityKind.COOKIE:
            self.cookies.keep(client or CLIENTS[0], cookie_in(lines, self.affinity.name))

    def instance_of(self, named: str | None, client: str | None) -> str | None:
        """The instance that served a client, as the front named it or as known before."""
        return served_by(named) or (None if self.is_steered else self.instances.get(self._client(client) or ""))

    @property
    def is_tls(self) -> bool:
        """Whether the target is reached over TLS."""
        return self.url.startswith("https:")

    @property
    def address(self) -> tuple[str, int]:
        """The host and the port."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or (443 if self.is_tls else 80)

    def tls(self) -> ssl.SSLContext:
        """A TLS context that trusts the declared authorities, or else those of the system.

        Raises UsageError if the declared file holds no certificates.
        """
        try:
            return _context(self.ca)
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                f"expected a file of PEM certificates as ca, got {self.ca!r}: {error}; set --ca"
            ) from error

    def user(self, name: str | None) -> UserRow:
        """The user that a name of a scenario stands for. Raises UsageError."""
        return UserRow(None) if name is None else self.service.users.row(name)

    def websocket_url(self, handshake: Handshake) -> str:
        """The URL of a handshake. It can hold secrets."""
        return f"ws{self.url.removeprefix('http')}{handshake.target}"


def _check_url(url: str) -> None:
    """Raise UsageError for a URL that cannot be a target."""
    if "@" in url:
        raise UsageError(
            "expected a target without user and password, got one with an '@' (not repeated here); "
            "send credentials with --header 'Authorization: ...'"
        )
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise UsageError(f"expected a target like http://host:port, got {url!r}: {error}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError(
            f"expected a target like http://host:port or a .toml file, got {url!r}; begin with http:// or https://"
        )
    try:
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"expected a port from 1 to 65535 in the target, got {url!r}") from error
    if parts.query or parts.fragment:
        raise UsageError(f"expected a target without query and fragment, got {url!r}; end it before '?' and '#'")


@cache
def _context(ca: str | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


def parse_capabilities(names: Iterable[str]) -> dict[Capability, float | None]:
    """Parse the names of capabilities; only `heartbeat=SECONDS` has a number.

    Raises UsageError for an unknown name, and for a number that is missing, superfluous or not positive.
    """
    capabilities: dict[Capability, float | None] = {}
    for text in names:
        name, separator, number = text.partition("=")
        if name not in set(Capability):
            raise UsageError(f"unknown capability {name!r}: expected one of {', '.join(Capability)}")
        capability = Capability(name)
        if (capability is Capability.HEARTBEAT) != bool(separator):
            raise UsageError(f"expected heartbeat=SECONDS and every other capability without '=', got {text!r}")
        capabilities[capability] = _seconds(text, number) if separator else None
    return capabilities


def _seconds(text: str, number: str) -> float:
    """Parse a positive number of seconds.

    Raises UsageError, with `text`, for anything else.
    """
    try:
        seconds = float(number)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"expected a positive number of seconds as in heartbeat=30, got {text!r}")
    return seconds


def parse_headers(texts: Iterable[str]) -> dict[str, str]:
    """Parse headers of the form 'Name: value'. Raises UsageError for anything else."""
    headers: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition(":")
        if not separator or not name.strip():
            raise UsageError(
                "expected a header like 'Authorization: Bearer TOKEN', "
                "got one without a name before a colon (not repeated here)"
            )
        check_header(name.strip(), value.strip())
        headers = with_header(headers, name.strip(), value.strip())
    return headers
