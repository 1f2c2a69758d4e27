"""Codecs frame values, and read the frames of the documentation of each format."""

import string
from importlib.metadata import EntryPoint

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.codecs import catalogue
from roomproof.dialects.codecs.actioncable import ActionCableCodec
from roomproof.dialects.codecs.catalogue import codec_of
from roomproof.dialects.codecs.codec import Codec, FrameError
from roomproof.dialects.codecs.json_text import JsonCodec, TextCodec
from roomproof.dialects.codecs.phoenix import PhoenixCodec
from roomproof.dialects.codecs.socketio import SocketIoCodec
from roomproof.dialects.place import Place
from roomproof.dialects.wire import Wire
from roomproof.errors import UsageError

PLACE = Place("chat.toml", "[codec]")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
TABLE = st.dictionaries(st.text(), JSON, max_size=3)
NAME = st.text(string.ascii_letters, min_size=1)

CODECS: list[Codec] = [JsonCodec(), TextCodec(), SocketIoCodec(), PhoenixCodec(), ActionCableCodec()]

each_codec = pytest.mark.parametrize("codec", [pytest.param(codec, id=type(codec).__name__) for codec in CODECS])


@given(TABLE)
def test_json_returns_what_it_was_given(value: dict[str, object]) -> None:
    assert JsonCodec().decode(JsonCodec().encode(value)) == value


@given(st.text())
def test_a_text_is_its_own_frame(text: str) -> None:
    assert TextCodec().decode(TextCodec().encode(text)) == text


@given(NAME, st.lists(JSON, max_size=3), st.sampled_from(["/", "/chat"]))
def test_an_event_of_socket_io_survives_its_framing(name: str, arguments: list[object], namespace: str) -> None:
    codec = SocketIoCodec(namespace)

    assert codec.decode(codec.encode([name, *arguments])) == [name, *arguments]


@given(NAME, NAME, TABLE)
def test_an_event_of_phoenix_survives_its_framing(topic: str, event: str, payload: dict[str, object]) -> None:
    value = {"join_ref": "1", "ref": "2", "topic": topic, "event": event, "payload": payload}

    assert PhoenixCodec().decode(PhoenixCodec().encode(value)) == value


@given(TABLE, TABLE)
def test_a_command_of_action_cable_survives(identifier: dict[str, object], data: dict[str, object]) -> None:
    value = {"command": "message", "identifier": identifier, "data": data}

    assert ActionCableCodec().decode(ActionCableCodec().encode(value)) == value


@each_codec
@given(frame=st.text() | st.binary())
def test_any_frame_is_read_or_refused(codec: Codec, frame: str | bytes) -> None:
    value, complaint = Wire(codec).decode_once(frame)

    assert not complaint or value == frame


@pytest.mark.parametrize(
    ("frame", "value"),
    [
        ('0{"sid":"x","pingInterval":25000}', {"engine": "open", "data": {"sid": "x", "pingInterval": 25000}}),
        ("2", {"engine": "ping"}),
        ("3probe", {"engine": "pong", "data": "probe"}),
        ('40{"sid":"y"}', {"socket": "connect", "data": {"sid": "y"}}),
        ('42["chat",{"text":"soup"}]', ["chat", {"text": "soup"}]),
        ('4212["chat"]', ["chat"]),
        ('43["done"]', {"socket": "ack", "data": ["done"]}),
        ('44{"message":"no"}', {"socket": "connect_error", "data": {"message": "no"}}),
        ('42/admin,["chat"]', {"socket": "event", "data": ["chat"], "namespace": "/admin"}),
        ("41", {"socket": "disconnect"}),
    ],
)
def test_packets_of_socket_io_are_read(frame: str, value: object) -> None:
    assert SocketIoCodec().decode(frame) == value


@pytest.mark.parametrize(
    ("value", "frame"),
    [
        ({"engine": "pong"}, "3"),
        ({"socket": "connect", "data": {"token": "x"}}, '40/chat,{"token":"x"}'),
        (["say", "soup"], '42/chat,["say","soup"]'),
    ],
)
def test_packets_of_socket_io_name_their_namespace(value: object, frame: str) -> None:
    assert SocketIoCodec("/chat").encode(value) == frame


@pytest.mark.parametrize(
    ("frame", "complaint"),
    [
        pytest.param(b"\x00", "without binary attachments", id="a binary frame"),
        pytest.param('451-["file",{"_placeholder":true,"num":0}]', "without binary attachments", id="an attachment"),
        pytest.param('42{"text":"soup"}', "name of an event", id="an event without name"),
        pytest.param("42[1", "expected JSON", id="an event cut off"),
        pytest.param("hello", "begins with a digit", id="no packet"),
        pytest.param("", "begins with a digit", id="nothing"),
    ],
)
def test_what_is_no_packet_of_socket_io_is_refused(frame: str | bytes, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        SocketIoCodec().decode(frame)


def test_phoenix_fills_in_the_references() -> None:
    codec = PhoenixCodec()

    join = codec.encode({"topic": "room:1", "event": "phx_join", "payload": {"user": "alice"}})
    assert join == '["1","1","room:1","phx_join",{"user":"alice"}]'
    assert codec.encode({"topic": "phoenix", "event": "heartbeat"}) == '[null,"1","phoenix","heartbeat",{}]'


def test_action_cable_nests_json_in_strings() -> None:
    value = {"command": "subscribe", "identifier": {"channel": "ChatChannel", "room": "1"}}

    frame = ActionCableCodec().encode(value)
    assert frame == '{"command":"subscribe","identifier":"{\\"channel\\":\\"ChatChannel\\",\\"room\\":\\"1\\"}"}'


@pytest.mark.parametrize(
    ("codec", "value"),
    [
        (TextCodec(), {"text": "x"}),
        (SocketIoCodec(), {"event": "chat"}),
        (SocketIoCodec(), [{"text": "x"}]),
        (SocketIoCodec(), {"engine": "dance"}),
        (PhoenixCodec(), {"topic": "x", "event": "y", "text": "z"}),
        (PhoenixCodec(), {"topic": "x"}),
        (ActionCableCodec(), ["message"]),
    ],
)
def test_a_value_that_is_no_frame_is_refused(codec: Codec, value: object) -> None:
    with pytest.raises(FrameError, match="expected"):
        codec.encode(value)


def test_an_unknown_codec_is_told_which_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"chat.toml, \[codec\]: expected one of the codecs json, text, socketio, phoenix"
    ):
        codec_of("morse", {}, PLACE)


@pytest.mark.parametrize(("name", "options"), [("json", {"speed": 1}), ("socketio", {"namespace": "chat"})])
def test_wrong_options_of_a_codec_are_refused(name: str, options: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=f"expected the options of the codec {name}"):
        codec_of(name, options, PLACE)


class MorseCodec(TextCodec):
    """A codec of somebody else's package."""


def install(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Install a package with a codec named `morse` at this place."""
    entry_point = EntryPoint("morse", value, catalogue.GROUP)
    monkeypatch.setattr(catalogue, "entry_points", lambda group: [entry_point] if group == catalogue.GROUP else [])


def test_an_entry_point_adds_a_codec(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, f"{__name__}:MorseCodec")

    assert isinstance(codec_of("morse", {}, PLACE), TextCodec)


def test_an_entry_point_that_does_not_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "no_such_module:Codec")

    with pytest.raises(UsageError, match="expected the entry point no_such_module:Codec to load"):
        codec_of("morse", {}, PLACE)
