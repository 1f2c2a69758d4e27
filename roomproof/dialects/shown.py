"""Frames as people read them: what each was read as, in a few words."""

from typing import assert_never

from roomproof.printable import printable
from roomproof.spec.messages import (
    Bad,
    Error,
    Frame,
    Ignored,
    Malformed,
    Message,
    Notice,
    Perhaps,
    Ping,
    Pong,
    Sending,
    Unmatched,
    Upkeep,
    Valid,
)


def shown_received(frame: Frame | Unmatched) -> str:
    """Return what a received frame was read as, such as `message of bob: 'soup'`."""
    match frame:
        case Message(content, sender):
            return f"message of {printable(sender) or 'somebody'}: {printable(repr(content))}"
        case Notice(kind, user):
            return f"{printable(user)} {kind}"
        case Error(content):
            return f"error: {printable(content or 'without a reason')}"
        case Pong():
            return "pong"
        case Ignored(kind):
            return f"ignored: {printable(kind)}"
        case Malformed(reason):
            return f"malformed: {printable(reason)}"
        case Unmatched(reason):
            return f"unmatched: {printable(reason)}"
        case _:
            assert_never(frame)


def shown_sent(frame: Sending | Upkeep) -> str:
    """Return what a sent frame is, such as `message: 'soup'`."""
    match frame:
        case Valid(content):
            return f"message: {printable(repr(content))}"
        case Perhaps(content):
            return f"message that may be refused: {printable(repr(content))}"
        case Ping():
            return "ping"
        case Bad(reason):
            return f"bad frame: {printable(reason)}"
        case Upkeep():
            return "opening, keep-alive or leave"
        case _:
            assert_never(frame)
