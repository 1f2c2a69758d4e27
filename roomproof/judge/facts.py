"""What both judges must decide alike: each predicate stands here once, and both import it."""

from collections.abc import Collection
from datetime import datetime

from roomproof.history import Started
from roomproof.judge.lifecycle import Lifecycle
from roomproof.spec.limits import BAD_FRAMES, CLOCK_SKEW_S, TIMESTAMP_TICK_S, UNDELIVERED_MESSAGES, CloseCode

NS_PER_S = 1_000_000_000

TICK_NS = TIMESTAMP_TICK_S * NS_PER_S
"""Items sent this many nanoseconds apart have different timestamps (DELIVER-9)."""


def is_in_scope(scope: Collection[str] | None, *instances: str | None) -> bool:
    """Whether one of some instances, as far as these are known, may be touched by what is broken on those in scope."""
    return scope is None or any(one is None or one in scope for one in instances)


def is_far_away(started: Started, moment: datetime, at: int, *, may_be_old: bool) -> bool:
    """Whether a timestamp is too far from the time of receipt on the server's clock (DELIVER-8)."""
    ahead = moment.timestamp() - (started.epoch + at + started.server_ahead) / NS_PER_S
    return ahead > CLOCK_SKEW_S or (ahead < -CLOCK_SKEW_S and not may_be_old)


def may_close(
    code: int | None,
    life: Lifecycle,
    *,
    deleted: bool,
    undelivered: int,
    bad: int = 0,
    binary: bool = False,
    oversized: bool = False,
) -> bool:
    """Whether a server may end a connection with a code, or (None) without a Close frame (CLOSE-1, FRAME-3).

    One that sent what is no frame by RFC 6455 it may end as it likes. Of the others:

    `deleted`: its room was; `undelivered`: messages that the server may have in hand for it; `bad`: how many bad frames
    it sent, and whether a `binary` or an `oversized` one was among them.
    """
    if life.sent_invalid_frame:
        return True
    match code:
        case None:
            return life.has_paused or oversized
        case CloseCode.GOING_AWAY | CloseCode.SERVICE_RESTART:
            return True
        case CloseCode.NO_SUCH_ROOM:
            return deleted
        case CloseCode.TOO_FAR_BEHIND:
            return life.has_paused or undelivered >= UNDELIVERED_MESSAGES
        case CloseCode.UNSUPPORTED_DATA:
            return binary
        case CloseCode.TOO_BIG:
            return oversized
        case CloseCode.POLICY_VIOLATION:
            return bad >= BAD_FRAMES
        case _:
            return False
