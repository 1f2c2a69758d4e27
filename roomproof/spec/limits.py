"""The numbers of PROTOCOL.md: limits, deadlines and close codes.

Each number stands in the document's table *Numbers*, and each close code in its table *Close codes*.
"""

from enum import IntEnum

STATS_SETTLE_S = 5
"""Seconds within which the statistics follow a join or a leave (STATS-2 to STATS-4)."""

LEAVE_NOTICED_S = 5
"""Seconds within which a leave is announced (LEAVE-1, LEAVE-2)."""

ANSWER_S = 5
"""Seconds for every other response: HTTP responses, handshakes, deliveries, closing handshakes, pongs."""

CLOCK_SKEW_S = 60
"""Maximum distance in seconds between a timestamp and the time of receipt (DELIVER-8)."""

TIMESTAMP_TICK_S = 2
"""Two items sent at least this many seconds apart have different timestamps (DELIVER-9)."""

CONTENT_CODE_POINTS = 4_096
"""Every server carries contents of up to this many code points (DELIVER-13)."""

FRAME_BYTES = 65_536
"""Every server accepts frames of up to this many bytes (DELIVER-13)."""

CLIENT_FRAME_BYTES = 1_048_576
"""Every client accepts frames of up to this many bytes."""

USER_ID_CODE_POINTS = 64
"""Every server accepts user ids of up to this many code points (JOIN-6)."""

USER_ID_BYTES = 1_000
"""A user id of more bytes than this, percent-encoded, may be refused with any 4xx or the end of the link (REFUSE-5)."""

ROOM_NAME_CODE_POINTS = 100
"""Every server accepts room names of up to this many code points (CREATE-1)."""

METADATA_BYTES = 4_096
"""Every server accepts metadata of up to this many bytes of JSON (CREATE-3)."""

NUMBER_DIGITS = 38
"""Every server accepts numbers of up to this many significant digits (CREATE-3)."""

NESTING_LEVELS = 32
"""Every server accepts JSON that is nested up to this many levels deep (CREATE-3, FRAME-3)."""

CHAT_ID_CHARACTERS = 128
"""Maximum length of a chat id (CREATE-2)."""

PARTICIPANTS_PER_REQUEST = 100
"""Every server takes up to this many participants in one request (PARTICIPANTS-1)."""

UNDELIVERED_MESSAGES = 16
"""A member with fewer undelivered messages is not too far behind (CLOSE-1)."""

BAD_FRAMES = 20
"""A connection that has sent this many bad frames may be closed with 1008 (FRAME-3)."""

UNDECLARED_HEARTBEAT_S = 20
"""Seconds without a pong after which a server without a declared heartbeat may end a link (CLOSE-1)."""

INSTANCE_LEFT_OUT_S = 10
"""Seconds within which a front leaves out an instance that died (STICKY-5)."""

INSTANCE_USED_AGAIN_S = 15
"""Seconds within which a front uses an instance again that is back (STICKY-6)."""

SURVIVED_PAUSE_S = 5
"""Members survive a pause of their instance of up to this many seconds (STICKY-7)."""

STORE_AWAY_ANSWER_S = 10
"""Seconds within which a server without its store answers 503 (STICKY-9)."""

STORE_HEALED_S = 10
"""Seconds within which everything works again once the store is back (STICKY-9)."""

BUS_HEALED_S = 10
"""Seconds within which the instances reach each other again once the bus is back (PUBSUB-7)."""


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
"""Codes with which a server refuses an accepted connection, before any other frame (REFUSE-1, REFUSE-3)."""

NESTING_CODES = frozenset(
    {
        CloseCode.PROTOCOL_ERROR,
        CloseCode.UNSUPPORTED_DATA,
        CloseCode.INVALID_TEXT,
        CloseCode.POLICY_VIOLATION,
        CloseCode.TOO_BIG,
        CloseCode.SERVER_ERROR,
    }
)
"""Codes with which a server may close after a frame that is nested too deep (FRAME-3)."""

SERVER_CLOSE_CODES = frozenset(CloseCode) - {CloseCode.NORMAL}
"""Codes with which a server ends a connection for reasons of its own."""
