"""Faults below the frames' content: fragments, pings, Close frames and encoding."""

from functools import partial
from typing import Any

from wsproto import frame_protocol
from wsproto.events import CloseConnection, Pong
from wsproto.frame_protocol import CloseReason

from reference_server.stream import ChatStream
from tests.faults.fault import fault, wrap


@fault(
    "only the last fragment read",
    breaks="DELIVER-13",
    also={"FRAME-5": "the fragment gets an error frame", "DELIVER-2": "the echo of somebody alone is lost, too"},
)
def last_fragment() -> None:
    """Of a message in several fragments only the last is read."""

    def wrapped(take: Any) -> Any:
        async def forgetful(self: ChatStream, part: Any) -> None:
            if part.message_finished or not part.frame_finished:
                await take(self, part)

        return forgetful

    wrap(ChatStream, "_receive_part", wrapped)


@fault("WebSocket pings not answered", breaks="FRAME-8")
def no_pongs() -> None:
    """WebSocket pings get no pong."""
    _sending(lambda event: None if isinstance(event, Pong) else event)


@fault("WebSocket pongs without bytes", breaks="FRAME-8")
def empty_pongs() -> None:
    """The pong that answers a WebSocket ping has no payload."""
    _sending(lambda event: Pong() if isinstance(event, Pong) else event)


def _sending(change: Any) -> None:
    def wrapped(send: Any) -> Any:
        async def changed(self: ChatStream, event: Any) -> None:
            event = change(event)
            if event is not None:
                await send(self, event)

        return changed

    wrap(ChatStream, "_send_wsproto_event", wrapped)


@fault("a Close without a code not answered", breaks="CLOSE-2")
def empty_close() -> None:
    """A Close frame without a code gets no answer: the link just ends."""

    def wrapped(end: Any) -> Any:
        async def curt(self: ChatStream, farewell: Any, code: int) -> None:
            if code == CloseReason.NO_STATUS_RCVD:
                self.abort()
            await end(self, farewell, code)

        return curt

    wrap(ChatStream, "_begin_closing", wrapped)


@fault("long messages in fragments refused", breaks="DELIVER-13")
def long_fragments() -> None:
    """A message of more than 4 KiB in several fragments closes its sender with 1009."""

    def wrapped(take: Any) -> Any:
        async def strict(self: ChatStream, part: Any) -> None:
            is_fragment = part.frame_finished and not part.message_finished
            if is_fragment and self.buffer.length + len(part.data) > 4_096:
                await self._begin_closing(CloseConnection(CloseReason.MESSAGE_TOO_BIG), CloseReason.MESSAGE_TOO_BIG)
            else:
                await take(self, part)

        return strict

    wrap(ChatStream, "_receive_part", wrapped)


@fault("text that is not UTF-8 repaired", breaks="FRAME-1")
def mended() -> None:
    """Bytes that are not UTF-8 become U+FFFD, and the message is broadcast."""
    wrap(frame_protocol, "getincrementaldecoder", lambda make: lambda name: partial(make(name), errors="replace"))
