"""The numbers of PROTOCOL.md: limits, deadlines and close codes."""

from enum import IntEnum

FRAME_BYTES = 65_536
"""Every server accepts frames of up to this many bytes (DELIVER-13)."""

CONTENT_CODE_POINTS = 4_096
"""Every server carries contents of up to this many code points (DELIVER-13)."""

USER_ID_CODE_POINTS = 64
"""Every server accepts user ids of up to this many code points (JOIN-6)."""

CLOCK_SKEW_S = 60
"""Maximum distance in seconds between a timestamp and the time of receipt (DELIVER-8)."""

TIMESTAMP_TICK_S = 2
"""Two items sent at least this many seconds apart have different timestamps (DELIVER-9)."""

UNDELIVERED_MESSAGES = 16
"""A member with fewer undelivered messages is not too far behind (CLOSE-1)."""

BAD_FRAMES = 20
"""A connection that has sent this many bad frames may be closed with 1008 (FRAME-3)."""


class CloseCode(IntEnum):
    """The close codes that PROTOCOL.md names."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    SERVICE_RESTART = 1012
    TOO_FAR_BEHIND = 1013
    NO_SUCH_ROOM = 4004


REFUSAL_CODES = frozenset({CloseCode.POLICY_VIOLATION, CloseCode.NO_SUCH_ROOM})
"""Codes with which a server closes an accepted connection, before any other frame, to refuse it (REFUSE-1, REFUSE-3)."""

SERVER_CLOSE_CODES = frozenset(CloseCode) - {CloseCode.NORMAL}
"""Codes with which a server ends a connection for reasons of its own."""
