"""The clients of a run, and the instance that each of them reaches.

A client is what a front tells apart: an address, a cookie or the value of a header. PROTOCOL.md says more (sticky).
"""

import contextlib
import secrets
import time
from collections.abc import Iterator
from itertools import chain, zip_longest

from roomproof.client.connection import ClientConnection
from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.affinity import ADDRESS, Affinity, AffinityKind
from roomproof.recorder import Recorder
from roomproof.stage.scene import RuleBrokenError

POLL_SECONDS = 0.02
"""Seconds between two requests for statistics."""

LOOKS = 20
"""Number of requests that look for the instances of a front without affinity."""

VISITOR = "alice"
"""The user who finds out which instances there are."""


class UnexpectedFrontError(LocalTroubleError):
    """A front that does not do what the target file says."""


class Clients:
    """The clients of a run, sorted by the instance that they reach.

    Without affinity, a client stands for the instance that it wants to reach, and has its name.
    """

    def __init__(self, by_client: dict[str, str], affinity: Affinity = ADDRESS) -> None:
        self.by_client = by_client
        self._affinity = affinity
        self._clients: dict[str, list[str]] = {}
        for client, instance in by_client.items():
            self._clients.setdefault(instance, []).append(client)

    @property
    def each(self) -> list[str | None]:
        """One client for each instance; None stands for the default client."""
        return [clients[0] for clients in self._clients.values()] or [None]

    @property
    def homes(self) -> list[str | None]:
        """The clients that scenarios take in turn: without affinity, only the default one."""
        return [None] if self._affinity.kind is AffinityKind.NONE else self.each

    def alternating(self) -> list[str | None]:
        """All clients, with neighbours on different instances as long as possible."""
        if self._affinity.kind is AffinityKind.NONE:
            return [None]
        columns = zip_longest(*self._clients.values())
        return [client for client in chain.from_iterable(columns) if client is not None] or [None]

    def apart(self, rule: str) -> tuple[str, str]:
        """Two clients that reach different instances.

        Raises RuleBrokenError with this rule if all clients reach the same instance. Where a front sets a cookie it
        chooses by itself, which proves nothing: then raises LocalTroubleError.
        """
        if len(self._clients) < 2:
            self._raise_alike(rule)
        near, far, *_ = (clients[0] for clients in self._clients.values())
        return near, far

    def _raise_alike(self, rule: str) -> None:
        reached = ", ".join(self._clients) or "none"
        if self._affinity.kind is AffinityKind.NONE:
            raise LocalTroubleError(f"expected {LOOKS} requests to reach more than one instance, got {reached}")
        if self._affinity.kind is AffinityKind.COOKIE:
            raise LocalTroubleError(
                f"expected {len(self.by_client)} clients without the cookie {self._affinity.name} to reach more than "
                f"one instance, got {reached}; if the front chooses by addresses then, set source_addresses"
            )
        got = f"{reached} from {', '.join(self.by_client) or 'no client'}"
        raise RuleBrokenError(rule, "many clients to reach more than one instance", got)


def instance_of(answer: Answer) -> str | None:
    """The instance that gave these statistics, by the front's header or its own name."""
    name = answer.fields().get("instance")
    return answer.instance or (name if isinstance(name, str) else None)


def check_front(target: Target, http: Http) -> None:
    """Raise UnexpectedFrontError for a front that contradicts the target file.

    Raises UnreachableError if the target does not answer.
    """
    if target.is_steered:
        _named(target, http)
    elif target.affinity.kind is AffinityKind.COOKIE:
        _first_look(target, http, target.clients[0])


def observe(target: Target, http: Http) -> dict[str, str]:
    """Find out which instance each client reaches.

    The answers name their instance, or else the rooms in the statistics tell instances apart. Raises UnreachableError,
    and UnexpectedFrontError where the front does not do what the target file says.
    """
    if target.is_steered:
        return _named(target, http)
    found = {client: _first_look(target, http, client) for client in target.clients}
    if None in found.values():
        found = dict(_by_rooms(target, http))
    return {client: instance for client, instance in found.items() if instance is not None}


def _named(target: Target, http: Http) -> dict[str, str]:
    """Return the instances that a front without affinity names."""
    named = [http.stats().instance for _ in range(LOOKS)]
    if None in named:
        header = target.dialect.instance_header
        raise UnexpectedFrontError(
            f"expected the front, which has no affinity, to name the instance in the header {header}, got none; "
            "set instance_header in the target file"
        )
    return {instance: instance for instance in named if instance is not None}


def _first_look(target: Target, http: Http, client: str) -> str | None:
    """Return the instance that a client reaches, once the front knows the client."""
    answer = http.stats(client)
    if target.affinity.kind is AffinityKind.COOKIE and target.cookies.of(client) is None:
        with _visiting(target, http, client):
            pass
        answer = http.stats(client)
        if target.cookies.of(client) is None:
            name = target.affinity.name
            raise UnexpectedFrontError(
                f"expected the front to set the cookie {name} with its first answers, got none of that name; "
                "correct affinity in the target file"
            )
    return instance_of(answer)


@contextlib.contextmanager
def _visiting(target: Target, http: Http, client: str) -> Iterator[str | None]:
    """Visit a new room as a client.

    Yields the id of the room, or None if the client is not let in.
    """
    random, visitor = secrets.token_hex(4), target.user(VISITOR)
    request = target.dialect.rooms.create("Who serves?", visitor, random)
    made = http.send(request).json() if request else None
    room = target.dialect.rooms.id_of(made, random)
    connection = ClientConnection(target, Recorder(), str(room), VISITOR)
    try:
        yield room if connection.open(source=client) else None
    finally:
        connection.die("rst")


def _by_rooms(target: Target, http: Http) -> dict[str, str]:
    """Tell instances apart by the rooms that they list.

    Only the instance with the member lists a room, for all clients that reach this instance. It is named after the
    first of them.
    """
    found: dict[str, str] = {}
    for client in target.clients:
        if client in found:
            continue
        with _visiting(target, http, client) as room:
            if room is None or not _lists(http, client, room, target.deadline):
                raise UnreachableError(
                    f"expected the statistics for {client} to list the room of its own member, got others"
                )
            peers = [other for other in target.clients if _lists(http, other, room, 0)]
        found |= dict.fromkeys({client, *peers} - found.keys(), f"that of {client}")
    return found


def _lists(http: Http, client: str, room: str, seconds: float) -> bool:
    """Whether the statistics for a client list a room within some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        rooms = http.stats(client).fields().get("active_rooms")
        if isinstance(rooms, list) and room in rooms:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
