"""How a message under load carries its identity: whose it is, which, and a checksum that shows every change.

A sealed content reads `ROOM/CONNECTION/ITEM/CHECKSUM TEXT`. ROOM names a room in this run and has no slash. So nothing
has to be remembered of what was said, however long a run is.
"""

from dataclasses import dataclass
from zlib import crc32


@dataclass(frozen=True, slots=True)
class Seal:
    """What a content says of itself. `intact`: it is, to the last code point, what was sealed."""

    room: str
    connection: int
    item: int
    intact: bool


def seal(room: str, connection: int, item: int, text: str) -> str:
    """The content of a message that can be told from all others of the run."""
    return f"{room}/{connection}/{item}/{_checksum(room, connection, item, text)} {text}"


def unseal(content: str) -> Seal | None:
    """Whose message a content is; None if it was never sealed."""
    head, space, text = content.partition(" ")
    match head.split("/"):
        case [room, connection, item, checksum] if connection.isdecimal() and item.isdecimal():
            intact = space == " " and checksum == _checksum(room, int(connection), int(item), text)
            return Seal(room, int(connection), int(item), intact)
        case _:
            return None


def _checksum(room: str, connection: int, item: int, text: str) -> str:
    return f"{crc32(f'{room}/{connection}/{item} {text}'.encode()):08x}"
