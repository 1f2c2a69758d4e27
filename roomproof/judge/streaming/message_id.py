"""The identity that a message under load carries in its content.

A checksum shows every change. A content reads `ROOM/CONNECTION/ITEM/CHECKSUM TEXT`, or
`ROOM/CONNECTION/ITEM@SCHEDULED/CHECKSUM TEXT` where SCHEDULED is the time at which the message was
scheduled to be sent. ROOM is the id of the room, percent-encoded. So nothing that was sent has to
be remembered, however long a run is.
"""

import re
from functools import lru_cache
from urllib.parse import quote, unquote
from zlib import crc32

import msgspec

_CONTENT = re.compile(r"(([^/ ]*)/(\d{1,18})/(\d{1,18})(?:@(\d{1,18}))?)/([^/ ]*)( |\Z)", re.ASCII)


class MessageId(msgspec.Struct, frozen=True, gc=False):
    """The identity that a content claims.

    `intact`: the checksum proves that no code point was changed.
    """

    room: str
    connection: int
    item: int
    intact: bool
    scheduled: int = 0


def with_id(room: str, connection: int, item: int, text: str, scheduled: int = 0) -> str:
    """The content of a message that differs from all others of the run.

    `scheduled` is 0 if it is to carry no time.
    """
    name = _encoded(room)
    identity = f"{name}/{connection}/{item}@{scheduled}" if scheduled else f"{name}/{connection}/{item}"
    return f"{identity}/{_checksum(identity, text)} {text}"


def read_id(content: str) -> MessageId | None:
    """The identity that a content carries; None if it carries none."""
    match = _CONTENT.match(content)
    if match is None:
        return None
    identity, room, connection, item, scheduled, checksum, space = match.groups()
    intact = space == " " and checksum == _checksum(identity, content[match.end() :])
    return MessageId(unquote(room), int(connection), int(item), intact, int(scheduled or 0))


@lru_cache
def _encoded(room: str) -> str:
    """Return the id of a room without slashes and spaces."""
    return quote(room, safe="")


def _checksum(identity: str, text: str) -> str:
    return f"{crc32(f'{identity} {text}'.encode(errors='surrogatepass')):08x}"
