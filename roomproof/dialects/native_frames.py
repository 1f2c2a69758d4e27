"""The frames of PROTOCOL.md."""

from collections.abc import Mapping

import msgspec

from roomproof.dialects.bad_frames import native_bad_frames
from roomproof.dialects.frames import BadFrame, Progress
from roomproof.dialects.session import Session
from roomproof.spec import messages

_encode = msgspec.json.Encoder().encode


class NativeFrames:
    """Speaks the frames of PROTOCOL.md, as roomproof.spec.messages does."""

    bad_frames: tuple[BadFrame, ...] = native_bad_frames({})
    heartbeat_s: float | None = None
    has_answers = has_binary = says_binary = False

    def begin(self, session: Session) -> Progress:
        """A member needs no opening after its 101 (JOIN-5)."""
        return Progress(session, is_done=True)

    def advance(self, progress: Progress, frame: str | bytes) -> Progress:  # noqa: ARG002  # as the protocol of Frames
        """Return the progress unchanged: there is no opening."""
        return progress

    def say(
        self,
        content: str,
        session: Session,  # noqa: ARG002  # as the protocol of Frames
        number: int = 0,  # noqa: ARG002  # as the protocol of Frames
        extra: Mapping[str, object] | None = None,
    ) -> str | bytes:
        """Return the frame that sends a message."""
        return messages.message(content, **(extra or {}))

    def payload(self, content: str, session: Session, number: int = 0) -> bytes:  # noqa: ARG002  # as the protocol of Frames
        """Return the same frame as the bytes of a WebSocket message."""
        return _encode({"type": "message", "content": content})

    def ping(self, session: Session) -> str | bytes | None:  # noqa: ARG002  # as the protocol of Frames
        """Return the frame of a ping (FRAME-7)."""
        return '{"type":"ping"}'

    def heartbeat(self, session: Session, number: int = 0) -> str | bytes:  # noqa: ARG002  # as the protocol of Frames
        """Raise LookupError: no client has to send keep-alives by itself."""
        raise LookupError("the protocol has no heartbeat of the client")

    def leave(self, session: Session) -> str | bytes | None:  # noqa: ARG002  # as the protocol of Frames
        """Return None: a Close frame says all."""
        return None

    def answer(self, frame: str | bytes, session: Session) -> str | bytes | None:  # noqa: ARG002  # as the protocol of Frames
        """Return None: no frame of the server wants an answer."""
        return None

    def read(self, frame: str | bytes, room: str) -> messages.Frame | messages.Unmatched:  # noqa: ARG002  # as the protocol of Frames
        """Read a received frame."""
        return messages.read(frame)

    def read_payload(
        self,
        payload: bytes,
        room: str,  # noqa: ARG002  # as the protocol of Frames
        *,
        is_binary: bool = False,
    ) -> messages.Frame | messages.Unmatched:
        """Read the bytes of a received WebSocket message."""
        return messages.read(payload) if is_binary else messages.read_text(payload)

    def read_sent(self, frame: str | bytes) -> messages.Sending | messages.Upkeep:
        """Classify a frame that a client sent."""
        return messages.read_sent(frame)
