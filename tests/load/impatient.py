"""The reference server, but it ends connections that send nothing for a while.

`python -m tests.load.impatient SECONDS` takes the options of the server behind the seconds.
"""

import asyncio
import sys
from typing import Any

from reference_server.__main__ import main
from reference_server.websocket import ChatWebsocket
from tests.faults.fault import wrap


def wait_at_most(seconds: float) -> None:
    """Let no client be silent for longer than this."""

    def wrapped(receive: Any) -> Any:
        async def receiving(self: Any) -> Any:
            try:
                async with asyncio.timeout(seconds):
                    return await receive(self)
            except TimeoutError:
                await self.close(1000)
                raise ConnectionResetError from None

        return receiving

    wrap(ChatWebsocket, "receive", wrapped)


if __name__ == "__main__":
    wait_at_most(float(sys.argv.pop(1)))
    sys.exit(main())
