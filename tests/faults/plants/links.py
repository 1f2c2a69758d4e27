"""Faults of the WebSocket itself."""

from typing import Any

from wsproto.events import Pong

from reference_server.stream import ChatStream
from tests.faults.fault import fault, wrap


@fault("only the last fragment read", breaks="DELIVER-13")
def last_fragment() -> None:
    """Of a message that comes in fragments, only the last one is read."""

    def wrapped(take: Any) -> Any:
        async def forgetful(self: ChatStream, part: Any) -> None:
            if part.message_finished or not part.frame_finished:
                await take(self, part)

        return forgetful

    wrap(ChatStream, "_take", wrapped)


@fault("WebSocket pings not answered", breaks="FRAME-8")
def no_pongs() -> None:
    """No WebSocket ping is answered."""
    _sending(lambda event: None if isinstance(event, Pong) else event)


@fault("WebSocket pongs without bytes", breaks="FRAME-8")
def empty_pongs() -> None:
    """The pong that answers a WebSocket ping carries nothing."""
    _sending(lambda event: Pong() if isinstance(event, Pong) else event)


def _sending(change: Any) -> None:
    def wrapped(send: Any) -> Any:
        async def changed(self: ChatStream, event: Any) -> None:
            event = change(event)
            if event is not None:
                await send(self, event)

        return changed

    wrap(ChatStream, "_send_wsproto_event", wrapped)
