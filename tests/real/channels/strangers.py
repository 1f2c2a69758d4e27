"""Talks in one room while strangers come and go in others.

The clients are those of the library websockets.

Usage: python strangers.py ws://HOST:PORT MESSAGES
"""

import asyncio
import json
import sys

from websockets.asyncio.client import ClientConnection, connect

CROWD = 4
"""Number of strangers at one time."""

PATIENCE_S = 2.0
"""Seconds after which a message counts as lost."""


async def main(url: str, messages: int) -> None:
    """Print which messages of Alice reached her and Bob."""
    end = asyncio.Event()
    crowd = [asyncio.create_task(come_and_go(f"{url}/ws/chat/other-{one}/?user=x", end)) for one in range(CROWD)]
    room = f"{url}/ws/chat/kitchen/?user="
    async with connect(f"{room}alice", proxy=None) as alice, connect(f"{room}bob", proxy=None) as bob:
        lost: dict[str, list[int]] = {"alice": [], "bob": []}
        for number in range(messages):
            await alice.send(json.dumps({"message": str(number)}))
            for name, member in (("alice", alice), ("bob", bob)):
                if not await receives(member, str(number)):
                    lost[name].append(number)
    end.set()
    print(f"{messages} messages, {sum(await asyncio.gather(*crowd))} strangers; lost: {lost}")


async def come_and_go(url: str, end: asyncio.Event) -> int:
    """Connect and disconnect until the end, and return how often."""
    count = 0
    while not end.is_set():
        async with connect(url, proxy=None):
            count += 1
    return count


async def receives(member: ClientConnection, message: str) -> bool:
    """Whether a message arrives in time; late ones before it are passed over."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while json.loads(await member.recv())["message"] != message:
                pass
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
