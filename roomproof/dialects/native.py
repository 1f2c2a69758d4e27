"""The native dialect: PROTOCOL.md, where a file asks with other names of fields."""

from collections.abc import Collection, Mapping
from functools import cache

from roomproof.dialects.dialect import NATIVE, Dialect
from roomproof.dialects.handshakes import Handshakes
from roomproof.dialects.native_frames import NativeFrames
from roomproof.dialects.place import Place
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.rooms import RequestTemplate, RoomRequests
from roomproof.dialects.template import Template
from roomproof.spec.rules import Need

FRAME_FIELDS = ("type", "content", "sender_id", "chat_id", "timestamp")
"""Fields of frames that `[fields]` can rename."""

HTTP_FIELDS = ("id", "name", "created_by", "participant_ids")
"""Fields of HTTP bodies that `[fields]` can rename."""

QUERY_FIELDS = ("user_id",)
"""Parameters of the handshake that `[fields]` can rename."""

NATIVE_PATH = "/api/chats/ws/{room}"

READ_NEEDS = frozenset({Need.NOTICES, Need.SENDER, Need.TIMESTAMPS, Need.ERRORS})
"""Needs that change how a received frame is read."""

_PLACE = Place("PROTOCOL.md", "overview")


@cache
def native() -> Dialect:
    """Return the dialect of PROTOCOL.md."""
    return Dialect(NATIVE, native_rooms({}, ()), native_handshakes(), NativeFrames())


def native_rooms(fields: Mapping[str, str], without: Collection[Need]) -> RoomRequests:
    """Return the requests of PROTOCOL.md, with other names for fields.

    A service without the need `rooms` makes them all the same, unless its file says that they need not be made.
    """
    name, creator, ids = (fields.get(one, one) for one in ("name", "created_by", "participant_ids"))
    create = RequestTemplate(
        "POST", Template("/api/chats", _PLACE), Template({name: "{name}", creator: "{user}"}, _PLACE)
    )
    path = Template("/api/chats/{room}/participants", _PLACE)
    add = RequestTemplate("POST", path, Template({ids: ["{user}"]}, _PLACE))
    pointer = Pointer(fields.get("id", "id"), _PLACE)
    return RoomRequests(create, pointer, None, None if Need.PARTICIPANTS in without else add, takes_lists=True)


def native_handshakes() -> Handshakes:
    """Return the handshakes of PROTOCOL.md."""
    return Handshakes(Template(NATIVE_PATH, _PLACE), {"user_id": Template("{user}", _PLACE)})


def native_connect(fields: Mapping[str, str]) -> dict[str, object]:
    """Return the same as the table `[connect]`."""
    return {"path": NATIVE_PATH, "query": {fields.get("user_id", "user_id"): "{user}"}}


def native_tables(fields: Mapping[str, str]) -> dict[str, object]:
    """Return the frames of PROTOCOL.md as the tables `[say]` and `[[hear]]`."""
    kind, content, sender, room, time = (fields.get(one, one) for one in FRAME_FIELDS)
    about = {"room": room, "timestamp": time}
    return {
        "say": {"frame": {kind: "message", content: "{content}"}, "ping": {kind: "ping"}},
        "hear": [
            {"when": {kind: "message"}, "message": {"content": content, "sender": sender, **about}},
            {"when": {kind: "system", content: "{user} joined the chat"}, "joined": about},
            {"when": {kind: "system", content: "{user} left the chat"}, "left": about},
            # Two placeholders in one string match strings only. Any other content of a system frame is malformed.
            {"when": {kind: "system", content: "{any}{any}"}, "ignore": True},
            {"when": {kind: "system"}, "message": {"content": content, "sender": sender, **about}},
            {"when": {kind: "error"}, "error": {"content": content}},
            {"when": {kind: "pong"}, "pong": {"timestamp": time}},
            {"when": {kind: "{any}{any}"}, "ignore": True},
        ],
        "strict": True,
    }
