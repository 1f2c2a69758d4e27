import pytest
from hypercorn.protocol import h11
from hypercorn.protocol.ws_stream import WSStream
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from reference_server.stream import install, text_frame


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
