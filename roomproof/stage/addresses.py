"""The client addresses of a run, and the instance that each of them reaches."""

import time
from itertools import chain, zip_longest

from roomproof.client.connection import ClientConnection
from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.client.target import Target
from roomproof.recorder import Recorder
from roomproof.stage.scene import RuleBrokenError

POLL_SECONDS = 0.02
"""Seconds between two requests for statistics."""


class ClientAddresses:
    """The client addresses of a run, sorted by the instance that they reach."""

    def __init__(self, by_address: dict[str, str]) -> None:
        self.by_address = by_address
        self._addresses: dict[str, list[str]] = {}
        for address, instance in by_address.items():
            self._addresses.setdefault(instance, []).append(address)

    @property
    def each(self) -> list[str | None]:
        """One address for each instance; None stands for the default address."""
        return [addresses[0] for addresses in self._addresses.values()] or [None]

    def alternating(self) -> list[str | None]:
        """All addresses, with neighbours on different instances as long as possible."""
        columns = zip_longest(*self._addresses.values())
        return [address for address in chain.from_iterable(columns) if address is not None] or [None]

    def apart(self, rule: str) -> tuple[str, str]:
        """Two addresses that reach different instances.

        Raises RuleBrokenError with this rule if all addresses reach the same instance.
        """
        if len(self._addresses) < 2:
            got = f"{', '.join(self._addresses) or 'none'} from {', '.join(self.by_address) or 'no address'}"
            raise RuleBrokenError(rule, "many client addresses to reach more than one instance", got)
        near, far, *_ = (addresses[0] for addresses in self._addresses.values())
        return near, far


def instance_of(answer: Answer) -> str | None:
    """The instance that gave these statistics, by X-Upstream or by its own name."""
    name = answer.fields().get("instance")
    return answer.instance or (name if isinstance(name, str) else None)


def observe(target: Target, http: Http) -> dict[str, str]:
    """Find out which instance each client address reaches.

    The answers name their instance, or else the rooms in the statistics tell instances apart. Raises UnreachableError.
    """
    found = {address: instance_of(http.stats(address)) for address in target.addresses}
    if None in found.values():
        found = dict(_by_rooms(target, http))
    return {address: instance for address, instance in found.items() if instance is not None}


def _by_rooms(target: Target, http: Http) -> dict[str, str]:
    """Tell instances apart by the rooms that they list.

    Only the instance with the member lists a room, for all addresses that reach this instance. It is named after the
    first of them.
    """
    found: dict[str, str] = {}
    for address in target.addresses:
        if address in found:
            continue
        room = http.request("POST", "/api/chats", {"name": "Who serves?", "created_by": "alice"}).fields().get("id")
        connection = ClientConnection(target, Recorder(), str(room), "alice")
        try:
            if not connection.open(source=address) or not _lists(http, address, str(room), target.deadline):
                raise UnreachableError(
                    f"expected the statistics for {address} to list the room of its own member, got others"
                )
            peers = [other for other in target.addresses if _lists(http, other, str(room), 0)]
        finally:
            connection.die("rst")
        found |= dict.fromkeys({address, *peers} - found.keys(), f"that of {address}")
    return found


def _lists(http: Http, address: str, room: str, seconds: float) -> bool:
    """Whether the statistics for an address list a room within some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        rooms = http.stats(address).fields().get("active_rooms")
        if isinstance(rooms, list) and room in rooms:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
