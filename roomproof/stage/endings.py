"""How a connection was refused, and how it ended, in plain words."""

from dataclasses import dataclass

from roomproof.history import Closed, Refused
from roomproof.printable import counted
from roomproof.spec.limits import REFUSAL_CODES, CloseCode
from roomproof.spec.messages import Frame, Message, Notice


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a connection was refused: by an HTTP status, or by a code after `frames`.

    Without status and code, the link ended; `reason` says how.
    """

    status: int | None
    code: int | None
    frames: tuple[Frame, ...] = ()
    reason: str = ""
    connection: int | None = None
    """Number of the connection that was refused."""

    @classmethod
    def of_handshake(cls, refused: Refused, frames: tuple[Frame, ...] = ()) -> "Refusal":
        """The refusal by a handshake or an opening that did not succeed.

        `frames` came during the opening.
        """
        return cls(refused.status, refused.code, frames, refused.reason, refused.connection)

    @classmethod
    def of_connection(cls, closed: Closed, frames: tuple[Frame, ...]) -> "Refusal":
        """The refusal by closing an accepted connection, after these frames."""
        return cls(None, closed.code, frames, closed.reason, closed.connection)

    @property
    def is_unknown_room(self) -> bool:
        """Whether an unknown room may be refused in this way (REFUSE-1)."""
        return not self.frames and (self.status == 403 or self.code == CloseCode.NO_SUCH_ROOM)

    @property
    def is_no_room(self) -> bool:
        """Whether `ws` or `stats` in place of an id may be refused in this way (REFUSE-1)."""
        return self.status is not None or self.is_unknown_room

    @property
    def is_bad_user(self) -> bool:
        """Whether a bad user id may be refused in this way (REFUSE-3)."""
        by_status = self.status is not None and 400 <= self.status < 500
        return not self.frames and (by_status or self.code in REFUSAL_CODES)

    @property
    def is_outsider(self) -> bool:
        """Whether a user who is no participant may be refused in this way (REFUSE-7)."""
        return not self.frames and (self.status in (401, 403) or self.code in REFUSAL_CODES)

    @property
    def is_silent(self) -> bool:
        """Whether the refused received no message and no notice."""
        return not any(isinstance(frame, Message | Notice) for frame in self.frames)

    def __str__(self) -> str:
        if self.status is not None:
            return f"HTTP status {self.status} {self.reason!r}"
        if self.code is None:
            return f"neither an HTTP status nor a Close frame ({self.reason})"
        after = f"after {counted(len(self.frames), 'frame')}" if self.frames else "before any other frame"
        return f"{_close_frame(self.code, self.reason)} {after}"


def ending(closed: Closed) -> str:
    """The Close frame that ended a connection, or that there was none, in words."""
    if closed.code is None:
        return f"the end of the link without a Close frame ({closed.reason})"
    return _close_frame(closed.code, closed.reason)


def _close_frame(code: int, reason: str) -> str:
    return f"a Close frame with {code} {reason!r}" if reason else f"a Close frame with {code}"
