"""How a message under load carries its identity: whose it is, which, and a checksum that shows every change.

A sealed content reads `ROOM/CONNECTION/ITEM/CHECKSUM TEXT`, or `ROOM/CONNECTION/ITEM@MEANT/CHECKSUM TEXT` where MEANT
is when it was meant to be said. ROOM names a room in this run and has no slash. So nothing has to be remembered of what
was said, however long a run is.
"""

import re
from zlib import crc32

import msgspec

_SEALED = re.compile(r"(([^/ ]*)/(\d{1,18})/(\d{1,18})(?:@(\d{1,18}))?)/([^/ ]*)( |\Z)", re.ASCII)


class MessageId(msgspec.Struct, frozen=True, gc=False):
    """What a content says of itself. `intact`: it is, to the last code point, what was sealed."""

    room: str
    connection: int
    item: int
    intact: bool
    meant: int = 0


def seal(room: str, connection: int, item: int, text: str, meant: int = 0) -> str:
    """The content of a message that can be told from all others of the run; `meant` is 0 where that does not matter."""
    identity = f"{room}/{connection}/{item}@{meant}" if meant else f"{room}/{connection}/{item}"
    return f"{identity}/{_checksum(identity, text)} {text}"


def unseal(content: str) -> MessageId | None:
    """Whose message a content is; None if it was never sealed."""
    match = _SEALED.match(content)
    if match is None:
        return None
    identity, room, connection, item, meant, checksum, space = match.groups()
    intact = space == " " and checksum == _checksum(identity, content[match.end() :])
    return MessageId(room, int(connection), int(item), intact, int(meant or 0))


def _checksum(identity: str, text: str) -> str:
    return f"{crc32(f'{identity} {text}'.encode(errors='surrogatepass')):08x}"
