"""Close codes of WebSockets (RFC 6455, section 7.4, and PROTOCOL.md)."""

from enum import IntEnum


class CloseCode(IntEnum):
    """The close codes that this server sends or reports."""

    GOING_AWAY = 1001
    """The server shuts down."""
    ABNORMAL = 1006
    """Stands for a connection that ended without a Close frame; never sent."""
    MESSAGE_TOO_BIG = 1009
    """The client sent a frame beyond the limit (FRAME-3)."""
    INTERNAL_ERROR = 1011
    """The server broke."""
    TOO_FAR_BEHIND = 1013
    """The member reads too slowly (CLOSE-5)."""
    NO_SUCH_ROOM = 4004
    """The room does not exist (REFUSE-2), or was deleted (CLOSE-3)."""
