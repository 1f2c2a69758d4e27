import asyncio
from typing import Any
from weakref import WeakSet

import pytest
from hypercorn.config import Config
from hypercorn.protocol import h11
from hypercorn.protocol.ws_stream import WSStream
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from reference_server.stream import FRAMES_PER_TURN, ChatStream, install, text_frame


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536, 100_000])
@pytest.mark.parametrize("character", ["x", "ü"])
def test_a_text_frame_is_what_wsproto_makes_of_it(character: str, length: int) -> None:
    text = character * length

    assert text_frame(text) == Connection(ConnectionType.SERVER).send(TextMessage(data=text))


def test_another_hypercorn_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(WSStream, "_accept")

    with pytest.raises(RuntimeError, match=r"this Hypercorn .* lacks WSStream\._accept; .* 0\.18"):
        install(30)

    assert h11.__dict__["WSStream"] is WSStream


class Link:
    """Hypercorn's TCP connection, as far as a stream uses it."""

    async def protocol_send(self, _: Any) -> None:
        pass


class Http:
    """Hypercorn's HTTP connection, as far as a stream uses it."""

    def __init__(self, link: Link) -> None:
        self.send = link.protocol_send

    async def stream_send(self, _: Any) -> None:
        pass


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(b"\x89\x80\0\0\0\0", id="pings"),
        pytest.param(b"\x8a\x80\0\0\0\0", id="pongs"),
        pytest.param(b"\x81\x80\0\0\0\0", id="empty messages"),
        pytest.param(b"\x01\x80\0\0\0\0" + b"\0\x80\0\0\0\0" * 9 + b"\x80\x80\0\0\0\0", id="empty fragments"),
    ],
)
def test_many_small_frames_leave_turns_to_others(frame: bytes) -> None:
    number = 10_000
    data = frame * (number // frame.count(b"\x80\0\0\0\0"))

    async def scene() -> int:
        http = Http(Link())
        arguments: Any = (None, Config(), None, None, False, None, None, http.stream_send, 1)
        stream = ChatStream(0, WeakSet(), *arguments)
        stream.connection = Connection(ConnectionType.SERVER)
        stream.connection.receive_data(data)
        handling = asyncio.create_task(stream._handle_events())
        turns = 0
        while not handling.done():
            turns += 1
            await asyncio.sleep(0)
        handling.result()
        return turns

    assert asyncio.run(scene()) >= number // FRAMES_PER_TURN
