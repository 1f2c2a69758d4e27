"""Predicates over plain values that both judges share: each stands here once.

docs/oracle.md defines the terms. A predicate that depends only on how one connection began and ended is a property of
Lifecycle.
"""

from collections.abc import Callable, Collection
from datetime import UTC, datetime

from roomproof.history import Started
from roomproof.judge.lifecycle import Lifecycle
from roomproof.spec.limits import (
    BAD_FRAMES,
    CLOCK_SKEW_S,
    NESTING_CODES,
    REFUSAL_CODES,
    TIMESTAMP_TICK_S,
    UNDELIVERED_MESSAGES,
    CloseCode,
)
from roomproof.spec.rules import Capability

NS_PER_S = 1_000_000_000
"""Nanoseconds in a second."""

OLD_TIMESTAMP = "DELIVER-8"
"""The rule that compares timestamps with the time of receipt.

A tester that reads too late, or whose clock is set, makes all timestamps look wrong.
"""

TICK_NS = TIMESTAMP_TICK_S * NS_PER_S
"""Time in nanoseconds after which a later item must have a later timestamp (DELIVER-9)."""


# Instances


def is_one_instance(capabilities: Collection[str]) -> bool:
    """Whether the target declares no topology: then it is one instance, named or not."""
    return Capability.STICKY not in capabilities and Capability.PUBSUB not in capabilities


def is_instance_known(instance: str | None, *, one_instance: bool) -> bool:
    """Whether it is known on which instance a connection is."""
    return one_instance or instance is not None


def are_together(one: str | None, other: str | None, *, one_instance: bool) -> bool:
    """Whether two connections are known to be on the same instance."""
    return one == other and is_instance_known(one, one_instance=one_instance)


def are_apart(one: str | None, other: str | None, *, sticky: bool) -> bool:
    """Whether two connections are on different sticky instances.

    Nothing passes between these (STICKY-4).
    """
    return sticky and _differ(one, other)


def crosses(one: str | None, other: str | None, *, pubsub: bool) -> bool:
    """Whether items pass between two instances of a pubsub topology (PUBSUB-3, -4)."""
    return pubsub and _differ(one, other)


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two instances are known and different."""
    return one is not None and other is not None and one != other


def is_certain_audience(one: str | None, other: str | None, *, sticky: bool) -> bool:
    """Whether two members of one room certainly receive each other's items.

    Sticky instances that are unknown might differ.
    """
    return not sticky or are_together(one, other, one_instance=False)


# Membership


def was_refused_by_close(
    code: int | None, *, has_received: bool, is_deleted: bool, has_sent_bad_frame: bool = False
) -> bool:
    """Whether the server refused a connection by closing it at once (REFUSE-1, -3).

    A client that received something, or whose room was deleted (CLOSE-3), was a member. So was one that sent bad frames
    and is closed with 1008: the server may have counted them (FRAME-3).
    """
    if code not in REFUSAL_CODES or has_received or is_deleted:
        return False
    return not (code == CloseCode.POLICY_VIOLATION and has_sent_bad_frame)


def is_evidence(*, is_own: bool, history: bool) -> bool:
    """Whether a received item shows that its receiver is a member (JOIN-3).

    A server with `history` may send items of others before the membership begins.
    """
    return is_own or not history


def maybe_never_joined(life: Lifecycle, *, is_evident: bool, deadline: int) -> bool:
    """Whether a connection might never have become a member: it ended early.

        carol  opens, is let in            alice  is a member and receives no item of carol
        carol  dies, or is closed          alice  is due no notice: the server might not have begun the membership

    If carol stays, or closes and the server answers, the server did take her in. `is_evident`: there is evidence, or
    somebody received an item of the connection. `deadline`: time by which an end counts.
    """
    if is_evident:
        return False
    return not life.admitted or (life.has_ended(deadline) and not life.closed_cleanly)


def never_joined(life: Lifecycle, *, is_evident: bool, stays: bool, is_sign_due: bool) -> bool:
    """Whether a connection that was let in never became a member (JOIN-2).

        alice  is let in, sends "soup", stays      nobody  receives alice's join notice
        alice  receives neither echo nor notice    alice   never joined

    `stays`: it was there, reading, at the deadline. `is_sign_due`: it sent something that no fault excuses; or, where
    there is no echo, a member said something long after it was let in.
    """
    return life.admitted and stays and not is_evident and is_sign_due


def were_together(sender: Lifecycle, *, has_received: bool) -> bool:
    """Whether a sender that left by itself was a member together with the receiver.

    The sender ended itself after the receiver's evidence of membership. If the sender's link died, the server might
    have ended the sender before the receiver came. That the sender `has_received` an item of the receiver shows that it
    did not.
    """
    return sender.certainly_ended_first or has_received


# Items that are due


def last_due_message(sender: Lifecycle, *, sent: int, highest: int, deadline: int) -> int:
    """Number of a sender's last message that is due to those who stay; 0 for none.

    The rules are DELIVER-11 and DELIVER-12. `sent`: how many messages it sent in time; `highest`: the highest that
    anyone received. A sender that does not read cannot know whether the server still listened to it (CLOSE-5).
    """
    return sent if sender.is_reading(deadline) or sender.closed_cleanly else highest


def is_replayed(item: int, floor: int, *, may_be_repeated: bool) -> bool:
    """Whether an item below the floor of its receiver breaks DELIVER-10.

    `may_be_repeated`: the server has the capability `history`, which lets it repeat messages, and the item is one.
    """
    return item < floor and not may_be_repeated


def undelivered(*, sent: int, received: int, floor: int) -> int:
    """Number of a sender's messages that the server might have in hand (CLOSE-1).

    Everything up to the last item `received` has arrived or is lost (A3). Of the items before the receiver came, only
    the one at the `floor` can still be on its way.
    """
    return max(0, sent - max(received, floor - 1, 0))


# Ends


def may_close(
    code: int | None,
    life: Lifecycle,
    *,
    is_deleted: bool,
    undelivered: Callable[[], int],
    bad_frames: int = 0,
    has_sent_binary: bool = False,
    has_sent_oversized: bool = False,
    has_sent_deep: bool = False,
) -> bool:
    """Whether the server may end a connection with a code (CLOSE-1, FRAME-3).

    The code None stands for an end without a Close frame. `undelivered` returns how many messages the server might have
    in hand for it; `bad_frames` is how many bad frames it sent. A connection that broke RFC 6455 may be ended in any
    way.
    """
    if life.sent_invalid_frame or (has_sent_deep and code in NESTING_CODES):
        return True
    match code:
        case None:
            return life.has_paused or has_sent_oversized
        case CloseCode.GOING_AWAY | CloseCode.SERVICE_RESTART:
            return True
        case CloseCode.NO_SUCH_ROOM:
            return is_deleted
        case CloseCode.TOO_FAR_BEHIND:
            return life.has_paused or undelivered() >= UNDELIVERED_MESSAGES
        case CloseCode.UNSUPPORTED_DATA:
            return has_sent_binary
        case CloseCode.TOO_BIG:
            return has_sent_oversized
        case CloseCode.POLICY_VIOLATION:
            return bad_frames >= BAD_FRAMES
        case _:
            return False


# Time


def is_far_away(started: Started, moment: datetime, at: int, *, may_be_old: bool) -> bool:
    """Whether a timestamp is too far from the time of receipt (DELIVER-8).

    The time of receipt is that on the server's clock.
    """
    ahead = ahead_of_receipt(started, moment, at)
    return ahead > CLOCK_SKEW_S or (ahead < -CLOCK_SKEW_S and not may_be_old)


def time_of_receipt(started: Started, at: int) -> datetime:
    """Return a time of a history on the server's clock, in UTC."""
    return datetime.fromtimestamp((started.epoch + at + started.server_ahead) / NS_PER_S, UTC)


def ahead_of_receipt(started: Started, moment: datetime, at: int) -> float:
    """Return by how many seconds a timestamp is ahead of the time of receipt."""
    return moment.timestamp() - (started.epoch + at + started.server_ahead) / NS_PER_S


# Faults injected on purpose


def is_in_scope(scope: Collection[str] | None, *instances: str | None) -> bool:
    """Whether a fault on the instances of a scope can touch one of these instances.

    The scope None holds all instances; an instance None is unknown.
    """
    return scope is None or any(one is None or one in scope for one in instances)


def is_excused(
    *, in_scope: bool, overtaken_before: bool, sent_after_healing: bool, received_after_mending: bool
) -> bool:
    """Whether a fault can have swallowed an item that should have passed meanwhile.

        bread  sent                        the fault begins
        soup   sent, not received          excused
        tea    sent, once it is mended     received: the path works, so everything later is due
        cake   sent, not received          lost

    `overtaken_before`: a later item arrived before the fault began; `sent_after_healing`: the item was sent when the
    server had had its time to recover; `received_after_mending`: an earlier item, sent after the mending, arrived.
    """
    return in_scope and not (overtaken_before or sent_after_healing or received_after_mending)
