"""A person in a room: says things, hears things, leaves or dies."""

import contextlib
from collections.abc import Callable, Iterator
from typing import TypeVar

from roomproof.client.connection import ClientConnection
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.frames import BadFrame
from roomproof.printable import counted
from roomproof.spec import messages
from roomproof.spec.limits import REFUSAL_CODES, CloseCode
from roomproof.spec.messages import Frame, Message, Notice, NoticeKind
from roomproof.spec.rules import Capability, Need
from roomproof.stage.endings import ending
from roomproof.stage.pace import Pace, Talker
from roomproof.stage.scene import RuleBrokenError, Scene, UndeliveredError

Direct = TypeVar("Direct", messages.Error, messages.Pong)
"""A frame that answers one connection only."""

SHOWN_FRAMES = 3
"""Number of frames shown where an expectation failed: the last ones received."""

SHOWN_CHARACTERS = 200
"""Number of characters shown of each such frame."""


class Person:
    """One person in a room, with one connection. A user on two devices is two people."""

    def __init__(self, scene: Scene, connection: ClientConnection, pace: Pace) -> None:
        """The connection has been opened."""
        self._scene = scene
        self._pace = pace
        self._said: set[str] = set()
        self.dialect = scene.target.dialect
        self.connection = connection
        self.user = connection.user or ""
        """The name by which others know the person; empty for one without a user id."""
        self._frames: list[Frame] = []
        self._heard: dict[str, Message] = {}
        """The first message received with each content."""

    @property
    def token(self) -> str:
        """The mark in everything that is said on this stage."""
        return self._scene.token

    @property
    def is_open(self) -> bool:
        """Whether the connection is open, as far as is known."""
        return self.connection.is_open

    @property
    def reads(self) -> bool:
        """Whether the connection is read."""
        return self.connection.reads

    @property
    def instance(self) -> str | None:
        """The instance that serves the connection, where that is known."""
        return self.connection.instance

    @property
    def frames(self) -> list[Frame]:
        """All frames received so far, decoded."""
        self._decode_received()
        return self._frames

    def _decode_received(self) -> None:
        received = self.connection.received
        while len(self._frames) < len(received):
            frame = self.dialect.frames.read(received[len(self._frames)].frame, self.connection.room)
            if isinstance(frame, messages.Unmatched):
                raise LocalTroubleError(f"expected frames that {self.dialect.name} names, got {frame.frame}")
            self._frames.append(frame)
            if isinstance(frame, Message):
                self._heard.setdefault(frame.content, frame)

    def say(self, text: str) -> str:
        """Say something, made unique, and return what was said."""
        return self.say_exactly(self._scene.unique(text))

    def say_exactly(self, content: str, **claims: object) -> str:
        """Say exactly this, no faster than every server has to deliver it.

        `claims` are further fields of the frame.
        """
        self._pace.wait()
        if claims:
            self._scene.need(Need.EXTRA_FIELDS)
        self._note(content)
        with self._speaking():
            self.connection.say(content, claims)
        return content

    def say_all(self, count: int, text: str = "and") -> list[str]:
        """Say several things."""
        return [self.say(f"{text} {number}") for number in range(1, count + 1)]

    def send_bad(self, bad: BadFrame, mark: str = "x") -> None:
        """Send a bad frame with a word in it, unless the connection is over."""
        session = self.connection.session
        frame, shown = bad.make(mark, session), bad.make(mark, session.redacted())
        with contextlib.suppress(RuleBrokenError), self._speaking():
            self.connection.send(frame, binary=isinstance(frame, bytes), shown=shown)

    def send(self, frame: str | bytes, *, binary: bool = False) -> None:
        """Send any frame of PROTOCOL.md, text or binary."""
        self._scene.need_native_frames()
        with self._speaking():
            self.connection.send(frame, binary=binary)

    def say_in_fragments(self, content: str, cut: Callable[[bytes], list[bytes]], *, pings: bool = False) -> None:
        """Say something in several fragments, with WebSocket `pings` between them.

        `cut` makes the fragments. It may put spaces around the frame, which only JSON allows.
        """
        frame, shown = self._framed(content)
        fragments = cut(frame)
        if b"".join(fragments) != frame:
            self._scene.need_native_frames()
        with self._speaking():
            self.connection.send_fragments(fragments, pings=pings, shown=b"".join(cut(shown)).decode())

    def say_unmasked(self, content: str) -> None:
        """Say something in a frame that is not masked, which RFC 6455 forbids."""
        frame, shown = self._framed(content)
        with self._speaking():
            self.connection.violate(frame, is_masked=False, shown=shown)

    def _framed(self, content: str) -> tuple[bytes, bytes]:
        """The frame that says something, and the same frame without secrets."""
        self._said.add(content)
        session = self.connection.session
        frames = (self.dialect.frames.say(content, one) for one in (session, session.redacted()))
        frame, shown = (one if isinstance(one, bytes) else one.encode() for one in frames)
        return frame, shown

    def violate(self, payload: bytes, *, is_reserved: bool = False) -> None:
        """Send a text frame that RFC 6455 forbids, as `ClientConnection.violate` does."""
        with self._speaking():
            self.connection.violate(payload, is_reserved=is_reserved)

    def ping(self, payload: bytes) -> None:
        """Send a WebSocket ping."""
        with self._speaking():
            self.connection.ping(payload)

    def gets_pong(self, payload: bytes) -> bool:
        """Whether a WebSocket pong with these bytes comes within the deadline."""
        return self.connection.gets_pong(payload)

    def pong(self, payload: bytes) -> None:
        """Send a WebSocket pong that answers no ping."""
        with self._speaking():
            self.connection.pong(payload)

    @contextlib.contextmanager
    def _speaking(self) -> Iterator[None]:
        try:
            yield
        except ConnectionError as error:
            closed = self.connection.closed
            got = ending(closed) if closed else f"an error: {error}"
            expected = f"{self.user} to be connected and able to send"
            raise UndeliveredError(None, expected, got, connection=self.connection.number) from error

    def send_or_be_gone(self, frame: str | bytes, *, binary: bool = False) -> None:
        """Send any frame, unless the connection is over."""
        with contextlib.suppress(RuleBrokenError):
            self.send(frame, binary=binary)

    def say_or_be_gone(self, text: str) -> str:
        """Say something, made unique, unless the connection is over; return what was said."""
        return self.say_exactly_or_be_gone(self._scene.unique(text))

    def say_exactly_or_be_gone(self, content: str, **claims: object) -> str:
        """Say exactly this as `say_exactly` does, unless the connection is over."""
        with contextlib.suppress(RuleBrokenError):
            self.say_exactly(content, **claims)
        return content

    def _note(self, content: str) -> None:
        self._said.add(content)
        self._pace.note(self, content)

    def can_hear(self, speaker: Talker) -> bool:
        """Whether messages of a speaker are due to this person (STICKY-4)."""
        if speaker is self and self._scene.target.lacks(Need.ECHO):
            return False
        is_near = self.instance is not None and self.instance == speaker.instance
        return is_near or not self._scene.target.declares(Capability.STICKY)

    def stays(self) -> bool:
        """Whether the connection stays open after the server has handled all its frames."""
        # A server that has decided to close can still echo the next frame: only the second echo proves that it stays.
        for text in ("still here?", "really?"):
            if not self.heard(self.say_or_be_gone(text)):
                break
        return self.is_open

    def heard(self, content: str, *, patience: float = 1) -> bool:
        """Wait for a message with this content; False after `patience` deadlines."""
        return self._await_message(content, patience) is not None

    def catches_up_to(self, content: str) -> bool:
        """Whether a message arrives.

        The deadline begins anew with each message that arrives before it.
        """
        received = -1
        while received < (received := sum(1 for _ in self.messages())):
            if self.heard(content):
                return True
        return False

    def echoed(self, content: str) -> bool:
        """Whether a message with this content has arrived so far."""
        self._decode_received()
        return content in self._heard

    def hears(self, *contents: str, rule: str | None = None) -> Message:
        """Wait for messages with these contents, and return the last message.

        Raises UndeliveredError if one does not arrive. `rule` is the rule that its loss breaks in the circumstances of
        the scenario; by default the judge names the rule.
        """
        message: Message | None = None
        for content in contents:
            message = self._await_message(content)
            if message is None:
                expected = f"{self.user} to hear {content[:SHOWN_CHARACTERS]!r}"
                number = self.connection.number
                raise UndeliveredError(rule, expected, self.account(), connection=number, content=content)
        assert message is not None, "hears() needs something to hear"
        return message

    def expects(self, condition: object, expected: str) -> None:
        """Raise UndeliveredError unless a condition about the received frames holds.

        The judge knows which rule is broken then.
        """
        if not condition:
            raise UndeliveredError(None, expected, self.account(), connection=self.connection.number)

    def _await_message(self, content: str, patience: float = 1) -> Message | None:
        if content in self._said:
            self._scene.need(Need.ECHO)
        self._await(lambda: self.echoed(content), self._scene.deadline * patience)
        message = self._heard.get(content)
        if message is not None:
            self._pace.admit_hearing(self, content)
        return message

    def _await(self, arrived: Callable[[], bool], seconds: float) -> bool:
        """Whether something arrives in time; stops waiting once the connection is over."""

        def look() -> bool | None:
            over = self.connection.is_over  # asked first, so that nothing that arrives before the end is missed
            return arrived() or (False if over else None)

        return bool(self._scene.recorder.wait_for(look, seconds))

    def messages(self) -> Iterator[Message]:
        """The messages received so far."""
        return (frame for frame in self.frames if isinstance(frame, Message))

    def notices(self, kind: NoticeKind, user: str) -> list[Notice]:
        """The notices received so far that this user joined, or left."""
        self._scene.need(Need.NOTICES)
        who = self._scene.known_as(user)
        return [
            frame for frame in self.frames if isinstance(frame, Notice) and (frame.kind, frame.user_id) == (kind, who)
        ]

    def hears_join_of(self, user: str, *, times: int = 1, rule: str | None = None) -> None:
        """Wait for the notice that a user joined.

        Raises UndeliveredError if it does not arrive; `rule` as in `hears`.
        """
        self._hears_notice(NoticeKind.JOINED, user, times, rule, self._scene.deadline)

    def hears_leave_of(
        self, user: str, *, times: int = 1, rule: str | None = None, within: float | None = None
    ) -> None:
        """Wait for the notice that a user left, `within` seconds; by default the deadline.

        Raises UndeliveredError if it does not arrive; `rule` as in `hears`. The judge knows how the user left, so by
        default it names LEAVE-1 or LEAVE-2.
        """
        self._hears_notice(NoticeKind.LEFT, user, times, rule, within or self._scene.deadline)

    def heard_leave_of(self, user: str, *, within: float | None = None) -> bool:
        """Whether the notice that a user left arrives.

        It has `within` seconds; by default the deadline.
        """
        return self._await(lambda: bool(self.notices(NoticeKind.LEFT, user)), within or self._scene.deadline)

    def _hears_notice(self, kind: NoticeKind, user: str, times: int, rule: str | None, seconds: float) -> None:
        if not self._await(lambda: len(self.notices(kind, user)) >= times, seconds):
            expected = f"{self.user} to hear within {seconds:g} s that {user} {kind}"
            raise UndeliveredError(rule, expected, self.account(), connection=self.connection.number)

    def answers(self, kind: type[Direct]) -> list[Direct]:
        """The direct frames of this kind received so far."""
        return [frame for frame in self.frames if isinstance(frame, kind)]

    def was_answered(self, kind: type[Direct], *, times: int = 1, within: float | None = None) -> bool:
        """Whether at least `times` direct frames of this kind arrive, `within` seconds."""
        self._scene.need(Need.ERRORS if kind is messages.Error else Need.BAD_FRAMES)
        return self._await(lambda: len(self.answers(kind)) >= times, within or self._scene.deadline)

    def fence(self) -> None:
        """Say something and hear it: everything due to this person earlier has arrived.

        Raises UndeliveredError if it does not come back.
        """
        self.hears(self.say("fence"))

    def leave(self, code: int = CloseCode.NORMAL, reason: str = "") -> None:
        """Close cleanly, and wait until the connection is over.

        Raises RuleBrokenError (CLOSE-2) if the connection does not end within the deadline.
        """
        self.connection.begin_close(code, reason)
        if not self._is_over():
            expected = f"the server to answer the Close frame of {self.user}"
            raise RuleBrokenError("CLOSE-2", expected, self.account(), connection=self.connection.number)

    def die(self, how: str = "rst") -> None:
        """End the link without a Close frame: `fin` or `rst`."""
        self.connection.die(how)

    def go(self, how: str) -> None:
        """Leave by a clean `close`, or die by `fin` or `rst`."""
        if how == "close":
            self.leave()
        else:
            self.die(how)

    def was_closed_with(self, *, rule: str | None = None) -> int | None:
        """Wait for the end of the connection, and return the code of the Close frame.

        Returns None if the link ended without a Close frame. If the connection does not end within the deadline,
        raises RuleBrokenError with this rule; without one, UndeliveredError.
        """
        if not self._is_over():
            expected, number = f"{self.user} to be closed by the server", self.connection.number
            if rule is None:
                raise UndeliveredError(None, expected, self.account(), connection=number)
            raise RuleBrokenError(rule, expected, self.account(), connection=number)
        return self.connection.closed.code if self.connection.closed else None

    def _is_over(self) -> bool:
        return self._await(lambda: self.connection.closed is not None, self._scene.deadline)

    def was_turned_away(self) -> bool:
        """Whether the server closed the connection at once, as it refuses others."""
        closed = self.connection.closed
        return closed is not None and closed.code in REFUSAL_CODES and not self.connection.received

    def account(self) -> str:
        """Summarise what this person received, and how the connection ended."""
        received = self.connection.received
        frames = counted(len(received), "frame")
        if last := [str(one.frame)[:SHOWN_CHARACTERS] for one in received[-SHOWN_FRAMES:]]:
            frames = f"{frames} ending in {' '.join(last)}"
        closed = self.connection.closed
        return f"{frames}, then {ending(closed)}" if closed else f"{frames}; it was never closed"
