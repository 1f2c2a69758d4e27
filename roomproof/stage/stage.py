"""The stage of one scenario, from the first room to the findings of the judge."""

import contextlib
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import replace

from msgspec import json, structs

from roomproof.client.clock import CLOCK, server_ahead_ns
from roomproof.client.exchange_log import ExchangeLog
from roomproof.client.http import Answer, Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.history import Deadline, Deleting, Event, Opened, Opening, Started
from roomproof.judge import texts
from roomproof.judge.facts import OLD_TIMESTAMP, ahead_of_receipt, is_far_away, time_of_receipt
from roomproof.judge.findings import OVERDUE, Finding
from roomproof.judge.offline.judge import judge
from roomproof.printable import printable
from roomproof.spec.limits import CHAT_ID_CHARACTERS
from roomproof.spec.messages import parse_timestamp
from roomproof.spec.rules import Capability, Need
from roomproof.stage.clients import Clients, instance_of
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.room import CREATOR, Room, knock
from roomproof.stage.scene import RuleBrokenError, Scene
from roomproof.stage.stats import Bystanders, Stats, read_stats

CHAT_ID = re.compile(rf"(?!(?:ws|stats)$)[A-Za-z0-9._~-]{{1,{CHAT_ID_CHARACTERS}}}")
"""The form of the id of a room (CREATE-2)."""

NO_ID = str.maketrans({" ": "-", "[": None, "]": None, ".": "-"})
"""Removes what a marked text has and an id of a room might not."""

NO_ANSWER = Answer(0, {}, b"")
"""The answer where a room need not be made."""

POLL_SECONDS = 0.02
"""Seconds between two requests for statistics."""


class Stage:
    """The rooms of one scenario, and the history of everything that happens in them."""

    def __init__(self, scene: Scene, clients: Clients, known_ids: set[str]) -> None:
        """`known_ids` are the ids of all rooms that this run has made on this target."""
        self.scene = scene
        self.clients = clients
        self._known_ids = known_ids
        self.bystanders: Bystanders | None = None
        self.rooms: list[Room] = []
        self._strangers: list[Person] = []

    @classmethod
    def open(
        cls,
        target: Target,
        http: Http,
        *,
        server_ahead: int,
        known_ids: set[str],
        clients: Clients | None = None,
    ) -> "Stage":
        """Open a stage, whose history begins now.

        `server_ahead` is how far the server's clock is ahead of ours, in nanoseconds. People connect as the home client
        of `http`; in a pubsub topology they connect as all `clients` in turn.
        """
        clients = clients or Clients({})
        spread = target.declares(Capability.PUBSUB)
        scene = Scene(target, http, sources=itertools.cycle(clients.alternating() if spread else [http.home]))
        http.log = ExchangeLog(scene.recorder)
        capabilities = [str(capability) for capability in target.capabilities]
        scene.recorder.record(
            Started(
                epoch=CLOCK.epoch,
                server_ahead=server_ahead,
                capabilities=capabilities,
                without=sorted(target.dialect.without),
                dialect=dict(target.dialect.frame_tables),
            )
        )
        return cls(scene, clients, known_ids)

    @property
    def spread_rule(self) -> str:
        """The rule that many clients reach more than one instance."""
        return "PUBSUB-1" if self.scene.target.declares(Capability.PUBSUB) else "STICKY-2"

    def apart(self) -> tuple[str, str]:
        """Two clients that reach different instances. Raises as `Clients.apart` does."""
        return self.clients.apart(self.spread_rule)

    def room(self, name: str = "Kitchen", *, source: str | None = None, **fields: object) -> Room:
        """Make a room, through the instance that the client `source` reaches.

        Raises RuleBrokenError if the server refuses (CREATE-1, with metadata CREATE-3) or gives a bad id (CREATE-2).
        """
        target = self.scene.target
        random = self.scene.unique("room").translate(NO_ID)
        request = target.dialect.rooms.create(name, target.user(CREATOR), random, fields)
        if request is None:
            return self._open_room(target.dialect.rooms.id_of(None, random) or "", NO_ANSWER)
        answer = self.scene.http.send(request, source=source)
        rule = "CREATE-3" if "metadata" in fields else "CREATE-1"
        if not target.lacks(Need.ROOMS):
            return self.add_room(answer, rule)
        room_id = target.dialect.rooms.id_of(answer.json(), random) if answer.ok else None
        if room_id is None:
            raise LocalTroubleError(f"expected a room for {request.method} {request.path}, got {answer}")
        return self._open_room(room_id, answer)

    def add_room(self, answer: Answer, rule: str) -> Room:
        """Add the room in an answer to a request that made it.

        Raises RuleBrokenError with this rule if there is none, and with CREATE-2 for a bad id.
        """
        if not answer.ok or not isinstance(answer.fields().get("id"), str):
            raise RuleBrokenError(rule, "201 with an id for POST /api/chats", str(answer))
        return self.room_of(answer)

    def room_of(self, answer: Answer) -> Room:
        """Return the room that an answer of the server describes.

        Raises RuleBrokenError (CREATE-2) if its id is malformed or known.
        """
        room_id = str(answer.fields().get("id"))
        if room_id in self._known_ids or not CHAT_ID.fullmatch(room_id):
            raise RuleBrokenError("CREATE-2", "a new, URL-safe id for each room", repr(room_id))
        return self._open_room(room_id, answer)

    def _open_room(self, room_id: str, answer: Answer) -> Room:
        room = Room(self.scene, room_id, answer)
        self._known_ids.add(room.id)
        self.rooms.append(room)
        return room

    def knock(self, room_id: str, user: str | None) -> Refusal | Person:
        """Try to join a room, which need not exist; return the person or the refusal."""
        answer = knock(self.scene, room_id, user)
        if isinstance(answer, Person):
            self._strangers.append(answer)
        return answer

    def stats(self, source: str | None = None) -> Stats:
        """The statistics of the instance that `source` reaches, or else of all instances.

        Those of several instances are added up. Bystanders are left out. Raises RuleBrokenError (STATS-1) for malformed
        statistics.
        """
        self.scene.need(Need.STATISTICS)
        if source is not None or not self.scene.target.declares(Capability.PUBSUB):
            stats = read_stats(self.scene.http.stats(source))
        else:
            stats = self.stats_of_all()
        return self.bystanders.left_out_of(stats) if self.bystanders else stats

    def stats_of_all(self) -> Stats:
        """The statistics of all instances, added up, with bystanders.

        Raises RuleBrokenError (STATS-1) for malformed statistics.
        """
        self.scene.need(Need.STATISTICS)
        answers = [(client, self.scene.http.stats(client)) for client in self.clients.each]
        by_instance = {instance_of(answer) or client: read_stats(answer) for client, answer in answers}
        return Stats.of_all(by_instance.values())

    def stats_once(self, settled: Callable[[Stats], bool], source: str | None = None) -> Stats:
        """Request statistics until `settled` holds for them, at most until the deadline.

        Returns the last statistics received.
        """
        deadline = time.monotonic() + self.scene.deadline
        while True:
            stats = self.stats(source)
            if settled(stats) or time.monotonic() > deadline:
                return stats
            time.sleep(POLL_SECONDS)

    def is_counted(self, members: int) -> bool:
        """Whether the statistics come to count so many members, within the deadline.

        Also true where the service has no statistics.
        """
        if self.scene.target.lacks(Need.STATISTICS):
            return True
        rooms = {room.id for room in self.rooms}
        exclusive = self.scene.target.exclusive
        stats = self.stats_once(lambda stats: stats.fit(members, rooms, exclusive=exclusive))
        return stats.fit(members, rooms, exclusive=exclusive)

    def events(self) -> list[Event]:
        """The history so far."""
        return self.scene.recorder.events()

    def finish(self) -> list[Finding]:
        """Wait for everything that is due, close all connections, and judge the history.

        Returns at once if nothing is missing, and otherwise after the deadline.
        """
        self._fence()
        self._await_dues()
        self.scene.recorder.record(Deadline(self.scene.recorder.now()))
        self.close()
        return self._judge(self.events())

    def break_off(self) -> list[Finding]:
        """Close all connections, and judge the history without waiting.

        Something is missing only if it was due a deadline ago already, to a receiver who was still there now. What
        arrives only because the connections are closed comes too late.
        """
        now = self.scene.recorder.now()
        self.scene.recorder.record(Deadline(now))
        before = self.events()
        self.close()
        long_ago = now - int(self.scene.deadline * 1e9)
        earlier = {_missing(one) for one in judge(_until(long_ago, before)) if one.overdue}
        missing = [one for one in judge(before) if one.kind in OVERDUE and (one.hole or _missing(one) in earlier)]
        known, rules = {_missing(one) for one in missing}, {(one.stream, one.item): one.rule for one in missing}
        others = [one for one in self._judge(self.events()) if not one.overdue and _missing(one) not in known]
        # How the connections are closed here does not change the rule of what was lost before.
        kept = (replace(one, rule=rules.get((one.stream, one.item), one.rule)) if one.hole else one for one in others)
        return [*kept, *missing]

    def _judge(self, events: list[Event]) -> list[Finding]:
        """Judge a history.

        A timestamp is wrong only by the old and by a new measurement of the server's clock.
        """
        findings = judge(events)
        started = events[0]
        if not isinstance(started, Started) or not any(finding.rule == OLD_TIMESTAMP for finding in findings):
            return findings
        try:
            ahead = server_ahead_ns(self.scene.http)
        except (UnreachableError, LocalTroubleError):
            return findings
        again = [structs.replace(started, server_ahead=ahead), *events[1:]]
        still = {_subject(finding) for finding in judge(again)}
        return [one for one in findings if one.rule != OLD_TIMESTAMP or _subject(one) in still]

    def why_not_now(self, timestamp: object) -> str | None:
        """Return why a timestamp is not that of now (DELIVER-8), or None.

        Compares it by an old and by a new measurement of the server's clock.
        """
        moment = parse_timestamp(timestamp) if isinstance(timestamp, str) else None
        if moment is None:
            return f"{printable(json.encode(timestamp).decode())}, which is no timestamp"
        now = self.scene.recorder.now()
        started = self.events()[0]
        assert isinstance(started, Started), "a stage opens with the head of its history"
        if not is_far_away(started, moment, now, may_be_old=False):
            return None
        measured = structs.replace(started, server_ahead=server_ahead_ns(self.scene.http))
        if not is_far_away(measured, moment, now, may_be_old=False):
            return None
        ahead, received = ahead_of_receipt(measured, moment, now), time_of_receipt(measured, now)
        return f"{timestamp!r}; {texts.time_difference(str(timestamp), ahead, received)}"

    def turned_away(self) -> Person | None:
        """The first person whom a handshake let in and who was then closed at once.

        That is a refusal (JOIN-6). None if there is none. A room that is being deleted may refuse its last visitors.
        """
        deleted = {event.room for event in self.events() if isinstance(event, Deleting)}
        people = (person for room in self.rooms if room.id not in deleted for person in room.people)
        return next((one for one in people if one.was_turned_away()), None)

    def _people(self) -> list[Person]:
        return [person for room in self.rooms for person in room.people] + self._strangers

    def _fence(self) -> None:
        """Have everybody say something and hear it, at the pace of their rooms (CLOSE-1)."""
        for room in self.rooms:
            room.pace_everybody()
        fences: list[tuple[Person, str]] = []
        for person in self._people():
            if person.is_open and person.reads:
                with contextlib.suppress(RuleBrokenError):  # the connection has just ended, and the history says how
                    fences += [(person, content) for content in person.say_all(1, "last words")]

        def unheard() -> int:
            if self.scene.target.lacks(Need.ECHO):  # then only the others show that it has arrived
                return sum(
                    one.connection.room == speaker.connection.room and one.can_hear(speaker) and not one.echoed(fence)
                    for speaker, fence in fences
                    for one, _ in fences
                    if one.is_open
                )
            return sum(person.is_open and not person.echoed(fence) for person, fence in fences)

        self._await_none(unheard)

    def _await_dues(self) -> None:
        def missing() -> int:
            now = Deadline(self.scene.recorder.now())
            return sum(not one.safety for one in judge([*self.events(), now]))

        self._await_none(missing)

    def _await_none(self, outstanding: Callable[[], int]) -> None:
        """Wait until nothing is outstanding.

        The deadline begins anew whenever the number falls.
        """
        fewest, deadline = outstanding(), time.monotonic() + self.scene.deadline

        def none_left() -> bool | None:
            nonlocal fewest, deadline
            number = outstanding()
            if number < fewest:
                fewest, deadline = number, time.monotonic() + self.scene.deadline
            return number == 0 or None

        while time.monotonic() < deadline:
            if self.scene.recorder.wait_for(none_left, deadline - time.monotonic()):
                return

    def close(self) -> None:
        """Close all connections, cleanly where the server answers within the deadline."""
        for person in self._people():
            if person.reads:
                person.connection.begin_close()
            else:
                person.die("rst")

        def all_over() -> bool | None:
            return all(person.connection.is_over for person in self._people()) or None

        self.scene.recorder.wait_for(all_over, self.scene.deadline)
        for person in self._people():
            if not person.connection.is_over:
                person.die("rst")


def _until(deadline: int, events: list[Event]) -> list[Event]:
    """A history with an earlier deadline.

    Connections that were let in after that are left out.
    """
    late = {event.connection for event in events if isinstance(event, Opening | Opened) and event.at > deadline}
    kept = [event for event in events if getattr(event, "connection", None) not in late]
    return [Deadline(deadline) if isinstance(event, Deadline) else event for event in kept]


def _missing(finding: Finding) -> tuple[object, ...]:
    """The item that a finding is about, and its receiver.

    Notices that are only counted have no item: their rule tells them apart.
    """
    rule = finding.rule if finding.stream is None else None
    return finding.kind, finding.receiver, finding.stream, finding.item, rule


def _subject(finding: Finding) -> tuple[object, ...]:
    """The subject of a finding, without its text."""
    return finding.rule, finding.receiver, finding.stream, finding.item, finding.witness
