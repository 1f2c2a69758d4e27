"""Sends messages to a group while others stop receiving.

This takes channels_redis alone. Each message goes to one member of a group. Right then, the `receive` of a stranger is
cancelled, as Channels does when a client disconnects.
"""

import asyncio
import random
import sys

from channels_redis.core import RedisChannelLayer

ROUNDS = 1000
WANTED = 3
"""Lost messages after which to end."""


async def main(url: str) -> None:
    """Print how many messages were lost, and what Redis still holds of them."""
    layer = RedisChannelLayer(hosts=[{"address": url, "socket_timeout": None}])
    member = await layer.new_channel()
    await layer.group_add("kitchen", member)
    lost: list[int] = []
    number = 0
    while number < ROUNDS and len(lost) < WANTED:
        number += 1
        if not await arrives(layer, member, number):
            lost.append(number)
    held = await layer.connection(0).keys(f"*{layer.client_prefix}*")
    print(f"{len(lost)} of {number} messages were lost: {lost}")
    print(f"Redis holds {held or 'nothing'} for this process")


async def arrives(layer: RedisChannelLayer, member: str, number: int) -> bool:
    """Send a message while a stranger leaves, and return whether it arrives."""
    leaving = asyncio.ensure_future(layer.receive(await layer.new_channel()))
    await asyncio.sleep(0.003)
    staying = asyncio.ensure_future(layer.receive(member))
    await asyncio.sleep(0)
    sending = asyncio.ensure_future(layer.group_send("kitchen", {"type": "chat.message", "number": number}))
    await asyncio.sleep(random.uniform(0.0005, 0.003))
    leaving.cancel()
    await sending
    done, _ = await asyncio.wait([staying], timeout=2)
    if done:
        assert staying.result()["number"] == number, f"expected {number}, got {staying.result()}"
    staying.cancel()
    await asyncio.wait([leaving], timeout=0.2)
    return bool(done)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
