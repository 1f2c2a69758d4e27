"""Which instance each client address reaches, as observed."""

import time
from itertools import chain, zip_longest

from roomproof.client.connection import ClientConnection
from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.client.target import Target
from roomproof.recorder import Recorder
from roomproof.stage.scene import RuleBrokenError

POLL_SECONDS = 0.02


class ClientAddresses:
    """The client addresses that may be used, by the instance that they reach."""

    def __init__(self, by_address: dict[str, str]) -> None:
        self.by_address = by_address
        self._addresses: dict[str, list[str]] = {}
        for address, instance in by_address.items():
            self._addresses.setdefault(instance, []).append(address)

    @property
    def each(self) -> list[str | None]:
        """One address for each instance; None stands for the only address that there is."""
        return [addresses[0] for addresses in self._addresses.values()] or [None]

    def alternating(self) -> list[str | None]:
        """All addresses, such that neighbours reach different instances as long as there are such."""
        columns = zip_longest(*self._addresses.values())
        return [address for address in chain.from_iterable(columns) if address is not None] or [None]

    def apart(self, rule: str) -> tuple[str, str]:
        """Two addresses that reach different instances.

        Raises RuleBrokenError with this rule if all of them reach the same.
        """
        if len(self._addresses) < 2:
            got = f"{', '.join(self._addresses) or 'none'} from {', '.join(self.by_address) or 'no address'}"
            raise RuleBrokenError(rule, "many client addresses to reach more than one instance", got)
        near, far, *_ = (addresses[0] for addresses in self._addresses.values())
        return near, far


def instance_of(answer: Answer) -> str | None:
    """The instance that gave the answer to a question for statistics: by X-Upstream, or by its own word."""
    name = answer.fields().get("instance")
    return answer.instance or (name if isinstance(name, str) else None)


def observe(target: Target, http: Http) -> dict[str, str]:
    """The instance that each client address reaches: by what the answers say, or else by whose statistics list whom.

    Raises UnreachableError.
    """
    found = {address: instance_of(http.stats(address)) for address in target.addresses}
    if None in found.values():
        found = dict(_by_rooms(target, http))
    return {address: instance for address, instance in found.items() if instance is not None}


def _by_rooms(target: Target, http: Http) -> dict[str, str]:
    """Instances, named after the first address that reached them: its room is in the statistics of all others."""
    found: dict[str, str] = {}
    for address in target.addresses:
        if address in found:
            continue
        room = http.request("POST", "/api/chats", {"name": "Who serves?", "created_by": "alice"}).fields().get("id")
        connection = ClientConnection(target, Recorder(), str(room), "alice")
        try:
            if not connection.open(source=address) or not _lists(http, address, str(room), target.deadline):
                raise UnreachableError(f"statistics from {address} do not list the room of a member from {address}")
            peers = [other for other in target.addresses if _lists(http, other, str(room), 0)]
        finally:
            connection.die("rst")
        found |= dict.fromkeys({address, *peers} - found.keys(), f"that of {address}")
    return found


def _lists(http: Http, address: str, room: str, seconds: float) -> bool:
    """Whether the statistics that an address gets list a room, within so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        rooms = http.stats(address).fields().get("active_rooms")
        if isinstance(rooms, list) and room in rooms:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
