"""A room of the server under test, and the ways into it."""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace

from roomproof.client.connection import ClientConnection
from roomproof.client.http import STEERED_ATTEMPTS, Answer
from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.frames import BadFrame
from roomproof.dialects.native import native
from roomproof.dialects.session import UserRow
from roomproof.dialects.users import BadToken, TokenPlace
from roomproof.history import Deleting
from roomproof.printable import counted
from roomproof.recorder import Recorder
from roomproof.spec import messages
from roomproof.spec.messages import Notice, NoticeKind, Unmatched
from roomproof.spec.rules import Capability, Need
from roomproof.stage.endings import Refusal, ending
from roomproof.stage.pace import Pace
from roomproof.stage.person import Person
from roomproof.stage.scene import LacksError, RuleBrokenError, Scene, UndeliveredError

WITNESS_PATIENCE = 0.02
"""Part of the deadline after which a witness speaks again."""

REFUSAL_PATIENCE = 0.2
"""Part of the deadline that a server has to close a connection it accepted."""


CREATOR = "alice"
"""The user who makes all rooms."""

CAST = ("alice", "bob", "charlie", "mallory", *(f"guest-{number}" for number in range(20)))
"""Users who join most rooms.

They are invited together, which saves a request for each.
"""


def knock(scene: Scene, room_id: str, user: str | None, row: UserRow | None = None) -> Refusal | Person:
    """Try to join a room, which need not exist; return the person or the refusal.

    `row` takes the place of the user's own.
    """
    connection = ClientConnection(scene.target, scene.recorder, room_id, user, row)
    if not connection.open(source=next(scene.sources)):
        return refusal_of(connection)
    person = Person(scene, connection, Pace())

    def closed_or_heard() -> bool | None:
        return connection.closed is not None or bool(connection.received) or None

    scene.recorder.wait_for(closed_or_heard, scene.deadline * REFUSAL_PATIENCE)
    if connection.closed is None:
        # Nothing is sent before: data that a closing server no longer reads would destroy its Close frame.
        _prove_admission(scene, person)
    if connection.closed is None:
        return person
    return Refusal.of_connection(connection.closed, tuple(person.frames))


def refusal_of(connection: ClientConnection) -> Refusal:
    """The refusal of a connection whose handshake failed."""
    assert connection.refused is not None, "only a refused handshake opens no connection"
    read = (connection.read_frame(frame) for frame in connection.before_refusal)
    return Refusal.of_handshake(connection.refused, tuple(frame for frame in read if not isinstance(frame, Unmatched)))


def _prove_admission(scene: Scene, person: Person) -> None:
    with contextlib.suppress(RuleBrokenError):
        content = person.say("hello?")

        def closed_or_echoed() -> bool | None:
            return person.echoed(content) or person.connection.closed is not None or None

        scene.recorder.wait_for(closed_or_echoed, scene.deadline)


class Room:
    """A room that this scenario made."""

    def __init__(self, scene: Scene, room_id: str, answer: Answer) -> None:
        self._scene = scene
        self.answer = answer
        self.id = room_id
        self.path = f"/api/chats/{self.id}"
        self.people: list[Person] = []
        self._invited: set[str] = set()
        self._pace = Pace()

    def bad_frame(self, case: str) -> BadFrame:
        """The bad frame of this name in PROTOCOL.md.

        In another dialect it is the one in the same place. Raises LacksError if the dialect has fewer.
        """
        names = [bad.name for bad in native().frames.bad_frames]
        frames = self._scene.target.dialect.frames.bad_frames
        if names.index(case) >= len(frames):
            raise LacksError(f"more than {counted(len(frames), 'bad frame')}")
        return frames[names.index(case)]

    @property
    def bad_frames(self) -> tuple[BadFrame, ...]:
        """All bad frames of the dialect."""
        return self._scene.target.dialect.frames.bad_frames

    def unjudged(self) -> "Room":
        """The same room, for people whose history is kept apart and judged by nobody."""
        return Room(replace(self._scene, recorder=Recorder()), self.id, self.answer)

    def invite(self, *users: str) -> None:
        """Add participants.

        Raises RuleBrokenError (PARTICIPANTS-1) if the server does not take them.
        """
        target = self._scene.target
        rows = [target.user(user) for user in users]
        for request in target.dialect.rooms.add(self.id, rows, target.user(CREATOR)):
            answer = self._scene.http.send(request)
            if not answer.ok:
                expected = f"2xx for adding {', '.join(users)} to room {self.id}"
                raise RuleBrokenError("PARTICIPANTS-1", expected, str(answer))
        self._invited.update(users)

    def join(self, user: str, *, reads: bool = True, source: str | None = None) -> Person:
        """Let somebody join, and return once there is evidence that they are a member.

        With `reads` false they read nothing. `source` is the client to connect as. Raises RuleBrokenError
        (JOIN-6) if the server refuses, and UndeliveredError if there is no evidence within the deadline.
        """
        person = self.enter(user, reads=reads, source=source)
        try:
            self._await_evidence(person)
        except RuleBrokenError as error:
            closed = person.connection.closed
            if closed is not None and person.was_turned_away():
                got = f"{ending(closed)} before any other frame"
                expected, number = f"{user} to be let into the existing room {self.id}", person.connection.number
                raise RuleBrokenError("JOIN-6", expected, got, connection=number) from error
            raise
        self._pace.admit(person)
        return person

    def enter(self, user: str, *, reads: bool = True, source: str | None = None) -> Person:
        """Let somebody join, and return as soon as the handshake is answered.

        Raises RuleBrokenError (JOIN-6) if the server refuses.
        """
        if not self._invited:
            self.invite_cast(user)
        elif user not in self._invited:
            self.invite(user)
        person = self.attempt(user, reads=reads, source=source)
        if isinstance(person, Refusal):
            raise RuleBrokenError("JOIN-6", f"{user} to be let into the existing room {self.id}", str(person))
        return person

    def invite_cast(self, user: str) -> None:
        """Invite the first user who enters, and those who usually follow.

        Where each user costs a token, only those who come are invited. Raises as `invite` does.
        """
        cast = CAST if self._scene.target.dialect.users is None else (CREATOR,)
        self.invite(*dict.fromkeys((user, *cast)))

    def attempt(
        self, user: str, *, reads: bool = True, source: str | None = None, within: float | None = None
    ) -> Person | Refusal:
        """Connect as somebody who was invited; return the person or the refusal.

        The server has `within` seconds to respond, by default the deadline. Without affinity, the person leaves and
        connects again until the instance `source` serves. Raises LocalTroubleError if it does not.
        """
        for _ in range(STEERED_ATTEMPTS):
            connection = ClientConnection(self._scene.target, self._scene.recorder, self.id, user)
            if not connection.open(reads=reads, source=source or next(self._scene.sources), within=within):
                return refusal_of(connection)
            person = Person(self._scene, connection, self._pace)
            self._scene.meet(user, person.user)
            self.people.append(person)
            if not self._scene.target.is_steered or source in (None, person.instance):
                return person
            person.go("close" if reads else "rst")
        raise LocalTroubleError.of_steering(source or "", STEERED_ATTEMPTS)

    def visits(self, user: str) -> int:
        """The number of connections of a user so far.

        Without affinity there can be several.
        """
        return sum(one.user == self._scene.known_as(user) for one in self.people)

    def all_greet(self) -> None:
        """Let everybody here say something that all hear.

        A control: what a scenario does afterwards to one of them is then to blame for a loss. Raises UndeliveredError.
        """
        for speaker in [one for one in self.people if one.is_open]:
            greeting = speaker.say("good day")
            for listener in self.people:
                if listener.is_open and listener.reads and listener.can_hear(speaker):
                    listener.hears(greeting)

    def admit(self, user: str, *, source: str | None = None) -> Person | None:
        """Let somebody enter whom the server may refuse; None if it refuses."""
        try:
            return self.enter(user, source=source)
        except RuleBrokenError as error:
            if error.rule in ("JOIN-6", "PARTICIPANTS-1"):
                return None
            raise

    def pace_everybody(self) -> None:
        """Let the pace of the room wait for everybody from now on.

        This holds with and without evidence of membership.
        """
        for person in self.people:
            if person.is_open and person.reads:
                self._pace.admit(person)

    def is_silent_for(self, listener: Person) -> bool:
        """Whether nothing of this room reaches a listener in another room.

        Everybody here who can says something and hears it, then the listener does so at home: by then anything that
        leaks would have arrived.
        """
        for person in self.people:
            if person.is_open and person.reads:
                person.fence()
        listener.fence()
        said = {one.content for person in self.people for one in person.messages()}
        strange = [
            one for one in listener.frames if isinstance(one, messages.Message | Notice) and one.chat_id == self.id
        ]
        return not strange and not any(one.content in said for one in listener.messages())

    def _await_evidence(self, person: Person) -> None:
        """Wait until somebody receives evidence that this person is a member.

        With witnesses that is a notice or any room frame; without, the person says something and hears it.
        """
        number = person.connection.number
        before = [one for one in self.people if one is not person]
        witnesses = [one for one in before if one.is_open and one.reads and one.can_hear(person)]
        target = self._scene.target
        if target.lacks(Need.NOTICES) and not person.reads:
            for one in witnesses:
                one.hears(person.say("hello"))
            return
        is_told_apart = bool(witnesses) and not any(one.user == person.user for one in before)
        has_no_notice = target.lacks(Need.NOTICES) or not is_told_apart
        if has_no_notice and target.lacks(Need.ECHO):
            self._await_words(person, witnesses)
            return
        if has_no_notice:
            hello = person.say("hello")
            if not person.heard(hello):
                # Was only the first message lost, or is the person no member at all (JOIN-2)?
                rule = "JOIN-5" if person.is_open and person.heard(person.say("hello?"), patience=0.2) else None
                expected = f"{person.user}, who was let in, to hear itself"
                raise UndeliveredError(rule, expected, person.account(), connection=number, content=hello)
            return

        # Where the server sends history, an earlier message can arrive before membership begins.
        has_history = Capability.HISTORY in self._scene.target.capabilities
        shown_by = Notice if has_history else messages.Message | Notice

        def announced() -> bool | None:
            over = person.connection.is_over
            own = any(isinstance(frame, shown_by) for frame in person.frames)
            told = own or any(one.notices(NoticeKind.JOINED, person.user) for one in witnesses)
            return told or (False if over else None)

        if not self._scene.recorder.wait_for(announced, self._scene.deadline):
            expected = f"the others to hear that {person.user} joined"
            raise UndeliveredError(None, expected, person.account(), connection=number)

    def _await_words(self, person: Person, witnesses: Sequence[Person]) -> None:
        """Wait until a person hears what a witness says again and again.

        Without a witness there can be no evidence, and nothing to wait for.
        """
        deadline = time.monotonic() + self._scene.deadline
        said: list[str] = []
        while witnesses and not any(person.echoed(content) for content in said):
            if time.monotonic() > deadline or person.connection.is_over:
                expected = f"{person.user} to hear one of {len(said)} messages of {witnesses[0].user}"
                raise UndeliveredError(None, expected, person.account(), connection=person.connection.number)
            said.append(witnesses[0].say("are you there?"))
            person.heard(said[-1], patience=WITNESS_PATIENCE)

    def knock(self, user: str | None, *, token: BadToken | None = None) -> Refusal | Person:
        """Try to join, as any user, a room that might not exist any more.

        With `token`, the user's own is replaced by one that is not valid. Raises LacksError if there is no such token.
        """
        row = None if token is None or user is None else self._with_bad_token(user, token)
        answer = knock(self._scene, self.id, user, row)
        if isinstance(answer, Person):
            self.people.append(answer)
        return answer

    def _with_bad_token(self, user: str, how: BadToken) -> UserRow:
        target = self._scene.target
        row = target.service.users.with_bad_token(user, how)
        # What an opening sends has to be there, so only a handshake can leave a token out.
        needs_token = how is BadToken.MISSING and TokenPlace.OPENING in target.dialect.token_places
        if row is None or not target.dialect.token_places or needs_token:
            raise LacksError(f"users with tokens that can be {how}")
        return row

    def barge_in(self, user: str | None, text: str) -> Refusal | Person:
        """Connect and speak at once, although a refusal is due.

        Returns the refusal, or the person if there was none. The connection is over when this returns.
        """
        connection = ClientConnection(self._scene.target, self._scene.recorder, self.id, user)
        if not connection.open(source=next(self._scene.sources)):
            return refusal_of(connection)
        with contextlib.suppress(ConnectionError):
            connection.say(self._scene.unique(text))
        closed = self._scene.recorder.wait_for(lambda: connection.closed, self._scene.deadline * REFUSAL_PATIENCE)
        connection.die("fin")
        person = Person(self._scene, connection, Pace())
        return Refusal.of_connection(closed, ()) if closed and not person.frames else person

    def participants(self) -> list[str] | None:
        """The participants that the server lists (capability `fetch`), or None.

        Raises RuleBrokenError (CREATE-5) if the room cannot be fetched, or if the list holds anything but user ids.
        """
        answer = self._scene.http.request("GET", self.path)
        listed = answer.fields().get("participants", [])
        if answer.status != 200 or not isinstance(listed, list) or not all(isinstance(user, str) for user in listed):
            expected = f"200 for {self.path}, and an array of user ids where it has `participants`"
            raise RuleBrokenError("CREATE-5", expected, str(answer))
        return listed if "participants" in answer.fields() else None

    def delete(self) -> Answer:
        """Delete the room, and return the answer of the server."""
        self._scene.recorder.record(Deleting(self._scene.recorder.now(), self.id))
        return self._scene.http.request("DELETE", self.path)
