"""A service that teaches names in its openings, and wants keep-alives answered.

Command: `python -m tests.load.teaching [LOSES]`. The server prints its address first. It never sends what anybody says
to itself; with LOSES, it also keeps every so many messages from one of the others.
"""

import asyncio
import contextlib
import itertools
import json
import sys
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

KEEP_ALIVE_S, PATIENCE = 0.25, 14
"""Seconds between two keep-alives, and how many may stay without an answer before a connection is ended."""

TARGET_FILE = """
url = "{url}"
without = ["timestamps", "errors", "echo"]
[users]
jwt = {{secret_env = "CHAT_KEY"}}
known_as = "{{nick}}"
[room]
implicit = "hall/{{random}}"
[connect]
path = "/socket"
[[opening]]
send = {{event = "join", room = "{{room}}", token = "{{token}}"}}
[[opening]]
expect = {{event = "welcome"}}
refused = {{event = "denied"}}
learn = {{nick = "you.nick"}}
[say]
frame = {{event = "say", text = "{{content}}"}}
[[hear]]
when = {{event = "said"}}
message = {{content = "text", sender = "by"}}
[[hear]]
when = {{event = "came"}}
joined = {{user = "who"}}
[[hear]]
when = {{event = "went"}}
left = {{user = "who"}}
[[answer]]
frame = {{event = "ping", id = "{{id}}"}}
with = {{event = "pong", id = "{{id}}"}}
[heartbeat]
every = 0.4
frame = {{event = "alive"}}
"""


class Guest:
    """One connection."""

    def __init__(self, link: ServerConnection, nick: str) -> None:
        self.link, self.nick = link, nick
        self.pings = self.answered = self.alive_at = 0
        """The last ping, the last one answered, and the one at which the last sign of life came by itself."""

    async def send(self, **fields: Any) -> None:
        with contextlib.suppress(ConnectionClosed):  # its own task notices that
            await self.link.send(json.dumps(fields))


class Service:
    """All rooms."""

    def __init__(self, loses: int) -> None:
        self.rooms: dict[str, dict[str, Guest]] = {}
        self._loses = loses
        self._names, self._messages = itertools.count(1), itertools.count(1)

    async def serve(self, link: ServerConnection) -> None:
        """Serve one connection from its opening to its end."""
        try:
            opening = json.loads(await link.recv())
        except ConnectionClosed:
            return
        if opening["event"] != "join" or opening["token"].count(".") != 2:
            await link.send(json.dumps({"event": "denied", "token": opening["token"]}))
            return
        guest = Guest(link, f"guest-{next(self._names)}")
        room = self.rooms.setdefault(opening["room"], {})
        others = list(room.values())
        room[guest.nick] = guest
        await tell(others, event="came", who=guest.nick)
        await guest.send(event="welcome", you={"nick": guest.nick})
        pings = asyncio.create_task(self._ping(guest))
        try:
            async for frame in link:
                await self._take(guest, room, json.loads(frame))
        except ConnectionClosed:
            pass
        finally:
            pings.cancel()
            del room[guest.nick]
            await tell(list(room.values()), event="went", who=guest.nick)

    async def _take(self, guest: Guest, room: dict[str, Guest], frame: dict[str, Any]) -> None:
        match frame:
            case {"event": "say", "text": str(text)}:
                number = next(self._messages)
                others = [one for one in room.values() if one is not guest]
                if self._loses and number % self._loses == 0:
                    others = others[1:]
                await tell(others, event="said", text=text, by=guest.nick)
            case {"event": "pong", "id": int(number)}:
                guest.answered = number
            case {"event": "alive"}:
                guest.alive_at = guest.pings

    async def _ping(self, guest: Guest) -> None:
        """Ask for signs of life, and end a connection that gives none."""
        while guest.pings - min(guest.answered, guest.alive_at) <= PATIENCE:
            guest.pings += 1
            await guest.send(event="ping", id=guest.pings)
            await asyncio.sleep(KEEP_ALIVE_S)
        await guest.link.close(1002, "no sign of life")


async def tell(guests: list[Guest], **fields: str) -> None:
    """Send the same to some connections, one after the other."""
    for one in guests:
        await one.send(**fields)


async def main() -> None:
    """Serve until the process is ended."""
    service = Service(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    async with serve(service.serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        print(f"listening on http://127.0.0.1:{port}", flush=True)
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
