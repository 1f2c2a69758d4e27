"""The tables of a target file that declare a dialect.

Values are as TOML gives them; reader.py gives them their meaning. A key that is not here is an error.
"""

import re
from typing import TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from roomproof.dialects.place import Place
from roomproof.dialects.template import as_text


class JwtTable(Struct, forbid_unknown_fields=True):
    """Tokens to mint: `jwt = {secret_env = "CHAT_KEY", claims = {sub = "{user}"}}`."""

    secret_env: str
    algorithm: str = "HS256"
    claims: dict[str, object] = msgspec.field(default_factory=lambda: {"sub": "{user}"})
    lifetime: float = 3600.0


class UsersTable(Struct, forbid_unknown_fields=True):
    """`[users]`: who they are, from exactly one source."""

    file: str | None = None
    command: str | None = None
    jwt: object = None
    known_as: str = "{user}"


class RoomTable(Struct, forbid_unknown_fields=True):
    """`[room]`: how rooms are made, or the id of one that need not be made."""

    create: str | None = None
    body: object = UNSET
    id: str | None = None
    add: str | None = None
    add_body: object = UNSET
    implicit: str | None = None
    headers: dict[str, str] = {}


class ConnectTable(Struct, forbid_unknown_fields=True):
    """`[connect]`: the handshake."""

    path: str | None = None
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    cookies: dict[str, str] = {}
    subprotocol: str | None = None
    origin: str | None = None


class OpeningTable(Struct, forbid_unknown_fields=True):
    """`[[opening]]`: a frame to send, or one to expect."""

    send: object = UNSET
    expect: object = UNSET
    refused: object = UNSET
    learn: dict[str, str] = {}


class SayTable(Struct, forbid_unknown_fields=True):
    """`[say]`: the frame that sends a message, and the one that sends a ping."""

    frame: object
    envelope: bool = False
    ping: object = UNSET


class HearTable(Struct, forbid_unknown_fields=True):
    """`[[hear]]`: which frames, and what they are."""

    when: object = UNSET
    message: dict[str, str] | UnsetType = UNSET
    joined: dict[str, str] | UnsetType = UNSET
    left: dict[str, str] | UnsetType = UNSET
    error: dict[str, str] | UnsetType = UNSET
    pong: dict[str, str] | UnsetType = UNSET
    ignore: bool | UnsetType = UNSET


class AnswerTable(Struct, forbid_unknown_fields=True, rename={"reply": "with"}):
    """`[[answer]]`: a keep-alive of the server, and the answer to it."""

    frame: object
    reply: object


class HeartbeatTable(Struct, forbid_unknown_fields=True):
    """`[heartbeat]`: a keep-alive of the client, and the seconds between two."""

    every: float
    frame: object


class LeaveTable(Struct, forbid_unknown_fields=True):
    """`[leave]`: what a client sends before its Close frame."""

    frame: object


class BadTable(Struct, forbid_unknown_fields=True):
    """`[bad]`: frames that no client may send."""

    frames: list[object]


class DialectTables(Struct, forbid_unknown_fields=True):
    """All keys of a target file that belong to its dialect."""

    without: list[str] = []
    fields: dict[str, str] = {}
    codec: str | dict[str, object] | None = None
    strict: bool = False
    affinity: str = "address"
    instance_header: str = "X-Upstream"
    users: object = None
    room: object = None
    connect: object = None
    opening: list[object] = []
    say: object = None
    hear: list[object] = []
    answer: list[object] = []
    heartbeat: object = None
    leave: object = None
    bad: object = None


KEYS = frozenset(DialectTables.__struct_fields__)
"""The keys at the top level of a target file that belong to its dialect."""

TYPES = {
    "array": "an array",
    "bool": "true or false",
    "float": "a number",
    "int": "a number",
    "null": "nothing",
    "object": "a table",
    "str": "a string",
}
"""The names of types in errors."""

Table = TypeVar("Table", bound=Struct)


def convert(value: object, table: type[Table], place: Place) -> Table:
    """Return a table of the file as its struct.

    Raises UsageError for an unknown key, a missing one, and a value of the wrong type.
    """
    if not isinstance(value, dict):
        raise place.wrong("a table", as_text(value)[:100], "write its keys below a heading in brackets")
    names = list(table.__struct_encode_fields__)
    for key in value:
        if key not in names:
            raise place.wrong(f"the keys {', '.join(names)}", f"the unknown key {key!r}", "correct or remove it")
    try:
        return msgspec.convert(value, table)
    except msgspec.ValidationError as error:
        what, _, at = str(error).partition(" - at `$")
        where = place.key(at.strip("`").lstrip(".")) if at else place
        if missing := re.search(r"missing required field `(\w+)`", what):
            raise where.key(missing[1]).wrong("a value", "none", "add the key") from error
        expected, _, got = re.sub(r"`(\w+)`", lambda name: TYPES.get(name[1], name[1]), what).partition(", got ")
        raise where.wrong(expected.removeprefix("Expected "), got or "another value", "correct the value") from error
