"""Reads the dialect that a target file declares, and checks it before any contact."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

import msgspec

from roomproof.dialects.affinity import NO_AFFINITY, Affinity, read_affinity
from roomproof.dialects.bad_frames import native_bad_frames
from roomproof.dialects.codecs.catalogue import codec_of
from roomproof.dialects.codecs.codec import Codec
from roomproof.dialects.codecs.json_text import JsonCodec
from roomproof.dialects.declared_frames import DeclaredFrames, table_around
from roomproof.dialects.dialect import NATIVE, Dialect
from roomproof.dialects.format import DialectTables, convert
from roomproof.dialects.frames import Frames
from roomproof.dialects.handshakes import Handshakes
from roomproof.dialects.names import Names
from roomproof.dialects.native import (
    FRAME_FIELDS,
    HTTP_FIELDS,
    QUERY_FIELDS,
    READ_NEEDS,
    native_connect,
    native_rooms,
    native_tables,
)
from roomproof.dialects.native_frames import NativeFrames
from roomproof.dialects.place import Place
from roomproof.dialects.reader_frames import FramesReader
from roomproof.dialects.reader_requests import read_handshakes, read_rooms, read_users
from roomproof.dialects.rooms import RoomRequests
from roomproof.dialects.users import TOKEN as TOKEN_COLUMN
from roomproof.dialects.users import TokenPlace, UserFile
from roomproof.dialects.wire import Wire
from roomproof.headers import TOKEN
from roomproof.spec.rules import Need

FRAME_KEYS = ("codec", "opening", "say", "hear", "answer", "heartbeat", "leave", "bad", "strict")
"""Keys with which a file speaks other frames than the native ones."""


STAND_INS: Mapping[str, object] = {
    "room": {"implicit": "room-{random}"},
    "connect": {"path": "/{room}"},
    "users": {"command": "true"},
}
"""Tables that a dialect must have, and that reading frames does not need."""

DIALECTS_REMEMBERED = 16
"""Maximum number of dialects of histories that are cached."""


def read_dialect(tables: Mapping[str, object], file: str, without: Iterable[str] = ()) -> Dialect:
    """Read the dialect of a target file.

    `tables` are those of its keys that are in `format.KEYS`. `without` is what the service lacks besides what the file
    says. Raises UsageError, with file, table and key.
    """
    top = convert(dict(tables), DialectTables, Place(file, ""))
    lacking = parse_needs([*top.without, *without], Place(file, "without"))
    dialect = _Reader(top, file, lacking).read()
    return replace(dialect, frame_tables=_frame_tables(tables))


def _frame_tables(tables: Mapping[str, object]) -> dict[str, object]:
    """Return the tables that decide how frames are read.

    What an opening sends is left out: it can hold secrets, and no history shows it.
    """
    kept = {key: tables[key] for key in ("fields", *FRAME_KEYS) if key in tables}
    if isinstance(opening := kept.get("opening"), list):
        received = [{key: step[key] for key in ("expect", "refused") if key in step} for step in opening]
        kept["opening"] = [step for step in received if step]
    if isinstance(codec := kept.get("codec"), dict):
        kept["codec"] = {key: value for key, value in codec.items() if key != "auth"}
    return kept


@lru_cache(DIALECTS_REMEMBERED)
def _frames_of(tables: bytes) -> Frames:
    known: dict[str, object] = msgspec.json.decode(tables)
    if any(key in known for key in FRAME_KEYS):
        known = {**known, **STAND_INS}
    return read_dialect(known, "the history").frames


def frames_of(tables: Mapping[str, object], without: Iterable[str]) -> Frames:
    """Return the frames of the dialect that a history names.

    `tables` are those of `Dialect.frame_tables`. Raises UsageError if they were changed.
    """
    return _frames_of(msgspec.json.encode({**tables, "without": sorted(set(without) & READ_NEEDS)}))


def parse_needs(names: Iterable[str], place: Place) -> set[Need]:
    """Parse the names of what a service lacks. Raises UsageError for an unknown one."""
    needs = set()
    for name in names:
        if name not in set(Need):
            raise place.wrong(f"names from {', '.join(Need)}", repr(name), "correct or remove it")
        needs.add(Need(name))
    return needs


def _token_places(handshakes: Handshakes, reader: FramesReader) -> Iterator[TokenPlace]:
    """Yield where a connection shows the token of its user."""
    if TOKEN_COLUMN in handshakes.names:
        yield TokenPlace.HANDSHAKE
    if TOKEN_COLUMN in reader.opening_names:
        yield TokenPlace.OPENING


class _Reader:
    """Reads one file. `_without` grows by what the file cannot express."""

    def __init__(self, top: DialectTables, file: str, without: set[Need]) -> None:
        self._top = top
        self._file = file
        self._without = without
        self._fields = top.fields
        self._has_own_frames = any(getattr(top, key) for key in FRAME_KEYS)

    def read(self) -> Dialect:
        top = self._top
        self._check_fields()
        users, known_as = (None, "{user}") if top.users is None else read_users(top.users, self._place("users"))
        if isinstance(users, UserFile):
            self._without.add(Need.USER_IDS)
        names = Names(users)
        codec_name, codec = self._codec()
        rooms = self._rooms(names)
        reader = FramesReader(self._file, codec, codec_name, names, self._without)
        frames = self._frames(reader)
        handshakes = read_handshakes(top.connect, self._connect_defaults(codec), names, self._place("connect"))
        self._check_room_is_named(handshakes, reader)
        if reader.has_envelope and known_as != "{user}":
            advice = "leave one of the two out: the envelope carries {user}"
            raise self._place("users").key("known_as").wrong("no other name beside an envelope", repr(known_as), advice)
        known_as_template = names.template(known_as, self._place("users").key("known_as"), reader.learned)
        affinity = self._affinity(handshakes, rooms)
        if not TOKEN.fullmatch(top.instance_header):
            place = Place(self._file, "instance_header")
            raise place.wrong("the name of a header", repr(top.instance_header), "correct it")
        return Dialect(
            NATIVE if self._is_native() else self._file,
            rooms,
            handshakes,
            frames,
            frozenset(self._without),
            users,
            names.needed,
            None if known_as == "{user}" else known_as_template,
            affinity,
            top.instance_header,
            frozenset(_token_places(handshakes, reader)),
        )

    def _affinity(self, handshakes: Handshakes, rooms: RoomRequests) -> Affinity:
        place = Place(self._file, "affinity")
        affinity = read_affinity(self._top.affinity, place)
        affinity.check_unclaimed([*handshakes.headers, *rooms.headers], [*handshakes.cookies], place)
        if affinity == NO_AFFINITY:
            self._without.add(Need.AFFINITY)
        return NO_AFFINITY if Need.AFFINITY in self._without else affinity

    def _place(self, table: str) -> Place:
        return Place(self._file, f"[{table}]")

    def _is_native(self) -> bool:
        return not (self._has_own_frames or self._fields or self._top.room or self._top.connect)

    def _check_fields(self) -> None:
        place = self._place("fields")
        known = (*FRAME_FIELDS, *HTTP_FIELDS, *QUERY_FIELDS)
        for name, other in self._fields.items():
            if name not in known:
                raise place.wrong(f"fields of PROTOCOL.md ({', '.join(known)})", repr(name), "correct or remove it")
            if not other:
                raise place.key(name).wrong("a name", "an empty string", "write the name of the field")
        in_frames = [self._fields.get(name, name) for name in FRAME_FIELDS]
        if len(set(in_frames)) < len(in_frames):
            got = ", ".join(in_frames)
            raise place.wrong("different names for the fields of a frame", got, "rename the other one, too")
        others = [key for key in ("room", *FRAME_KEYS) if getattr(self._top, key)]
        if self._fields and others:
            got = f"{', '.join(others)} beside them"
            raise place.wrong("renamed fields of the native protocol alone", got, "declare either those or these")
        if self._fields.keys() & set(HTTP_FIELDS):
            self._without |= {Need.ROOMS, Need.PARTICIPANTS}

    def _rooms(self, names: Names) -> RoomRequests:
        room = self._top.room
        if room is None:
            if self._has_own_frames:
                advice = 'write create = "POST /rooms" or implicit = "room-{random}" in it'
                raise self._place("room").wrong("how rooms are made", "no such table", advice)
            return native_rooms(self._fields, set() if self._fields.keys() & set(HTTP_FIELDS) else self._without)
        rooms = read_rooms(room, names, self._place("room"))
        self._without |= {Need.ROOMS, Need.PARTICIPANTS, Need.STATISTICS}
        if rooms.implicit is not None:
            self._without.add(Need.REFUSAL)
        return rooms

    def _codec(self) -> tuple[str, Codec]:
        place = self._place("codec")
        match self._top.codec:
            case None:
                return "json", JsonCodec()
            case str(name):
                return name, codec_of(name, {}, place)
            case {"name": str(name)} as table:
                return name, codec_of(name, {key: value for key, value in table.items() if key != "name"}, place)
        raise place.wrong("the name of a codec", "none", 'write, for example, codec = "json"')

    def _frames(self, reader: FramesReader) -> Frames:
        if self._has_own_frames:
            declared = reader.read(self._top)
            if not declared.bad:
                self._without.add(Need.BAD_FRAMES)
            if table_around(declared.say.frame, "content") is None:
                self._without.add(Need.EXTRA_FIELDS)
            return DeclaredFrames(Wire(reader.codec), declared)
        if not self._fields and self._without.isdisjoint(READ_NEEDS):
            return NativeFrames()
        declared = reader.read(convert(native_tables(self._fields), DialectTables, Place(self._file, "")))
        return DeclaredFrames(Wire(reader.codec), declared, native_bad_frames(self._fields))

    def _connect_defaults(self, codec: Codec) -> Mapping[str, object]:
        if not self._has_own_frames:
            return native_connect(self._fields)
        defaults = codec.tables.get("connect", {})
        return defaults if isinstance(defaults, dict) else {}

    def _check_room_is_named(self, handshakes: Handshakes, reader: FramesReader) -> None:
        """Raise UsageError if no connection can say which room it is for."""
        is_in_handshake = "room" in handshakes.names
        if not is_in_handshake:
            self._without.add(Need.REFUSAL)
        if not is_in_handshake and "room" not in reader.sent_names:
            advice = "write it where a connection says which room it is for"
            raise self._place("connect").wrong("{room} in [connect], [[opening]] or [say]", "none", advice)
