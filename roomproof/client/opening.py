"""The opening of a connection: the frames right after its handshake."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from roomproof.client.quiet_close import ClosedEarlyError
from roomproof.client.redaction import without_secrets
from roomproof.dialects.frames import Frames
from roomproof.dialects.session import Session

Frame = str | bytes


@dataclass(frozen=True, slots=True)
class Opening:
    """The result of an opening.

    `refused` is the frame with which the server refused the connection, or what it did not send in time. `others` are
    the frames that arrived meanwhile and belong to no step. `shown` are all frames in order, without secrets of users:
    each is sent (`>`) or received (`<`).
    """

    session: Session
    refused: str | None = None
    others: tuple[Frame, ...] = ()
    shown: tuple[tuple[str, str], ...] = ()
    code: int | None = None
    """The code of the Close frame with which the server refused the connection; None without one."""


def play_opening(
    frames: Frames, session: Session, send: Callable[[Frame], None], receive: Callable[[], Frame]
) -> Opening:
    """Send and expect frames until a connection is a member's.

    `receive` returns the next frame, and raises TimeoutError after the deadline. Raises UsageError if something that
    the target file wants to learn is not there, and what `send` and `receive` raise.
    """
    others: list[Frame] = []
    shown: list[tuple[str, str]] = []
    progress = frames.begin(session)
    while True:
        for frame in progress.send:
            send(frame)
        shown += [(">", str(frame)) for frame in progress.shown]
        if progress.is_done or progress.refused is not None:
            return Opening(progress.session, progress.refused, tuple(others), tuple(shown))
        try:
            frame = receive()
        except TimeoutError:
            got = "only other frames" if others else "nothing"
            why = f"expected {progress.awaits} in time, got {got}"
            return Opening(progress.session, why, tuple(others), tuple(shown))
        except ClosedEarlyError as error:
            why = f"expected {progress.awaits}, got a Close frame with {error.code}"
            return Opening(progress.session, why, tuple(others), tuple(shown), error.code)
        shown.append(("<", without_secrets(str(frame), session)))
        reply = frames.answer(frame, progress.session)
        if reply is not None:
            answer_shown = str(frames.answer(frame, progress.session.redacted()))
            progress = replace(progress, send=(reply,), shown=(answer_shown,))
            continue
        step, progress = progress.step, frames.advance(progress, frame)
        if progress.step == step and progress.refused is None:
            others.append(frame)
