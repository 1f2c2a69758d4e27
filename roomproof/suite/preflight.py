"""The preflight: tests whether anything works on a target.

It takes less than two deadlines, whatever the target does.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from roomproof.client.http import Http, UnreachableError
from roomproof.client.other_protocol import other_frames, other_handshake_answer, other_room_answer
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.report.failure_text import finding_line
from roomproof.spec.rules import Need
from roomproof.stage.clients import check_front
from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.room import CREATOR, Room
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage

OTHER = "bob"
"""The user who hears the first one, where nobody hears himself."""

NAME = "Roomproof looks around"
"""The name of the room."""

TRIES = 4
"""Number of messages that the preflight sends within one deadline."""


SLOW_DEADLINES = 1.4
"""Deadlines that the first answer may take before the target counts as mute, and not only as slow."""

MALFORMED = "DELIVER-7"
"""The rule about the form of messages."""


class OtherProtocolError(Exception):
    """The target speaks another protocol.

    The message says what was expected and what came.
    """


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The result of a preflight: why to stop, and the rules that the target broke.

    Both are empty if the target is worth testing.
    """

    reason: str = ""
    broken: Mapping[str, str] = field(default_factory=dict)
    """The broken rules, each with an observation against it."""
    compression: str | None = None
    """The compression to which the target agreed; None without one."""

    @property
    def is_fit(self) -> bool:
        """Whether the target is worth testing."""
        return not self.reason


def _is_echoed(alice: Person) -> bool:
    """Whether any of several messages comes back.

    A server that loses some of them is worth testing.
    """
    contents: list[str] = []
    while len(contents) < TRIES:
        contents.append(alice.say("is anybody there?"))
        alice.heard(contents[-1], patience=1 / TRIES)
        if any(map(alice.echoed, contents)):
            return True
    return False


def run_preflight(target: Target) -> PreflightResult:
    """Make a room, connect, send a message and receive it.

    Only a target on which that fails is not worth the whole suite: no scenario could find out anything else. A target
    that speaks another protocol breaks no rule of ours.
    """
    stage = Stage.open(target, Http(target), server_ahead=0, known_ids=set())
    try:
        if target.has_instances:
            check_front(target, stage.scene.http)
        compression = _talk_alone(stage)
    except LocalTroubleError as error:
        return PreflightResult(str(error))
    except UnreachableError as error:
        return PreflightResult(f"{target.url} cannot be tested: {error}")
    except OtherProtocolError as error:
        return PreflightResult(f"{target.url} speaks another protocol: {error}")
    except RuleBrokenError as error:
        findings = stage.break_off()
        broken = {error.rule: str(error)} if error.rule else {}
        broken |= {one.rule: finding_line(one, stage.events()) for one in reversed(findings)}
        if MALFORMED in broken:  # whatever else is missing follows from it
            broken = {MALFORMED: broken[MALFORMED]}
        seen = "".join(f"; {finding_line(finding, stage.events())}" for finding in findings[:1])
        return PreflightResult(f"nothing works on {target.url}: {error}{seen}", broken)
    return PreflightResult(compression=compression)


def _talk_alone(stage: Stage) -> str | None:
    """Enter a new room and hear oneself. Return the compression of the connection.

    Raises RuleBrokenError, OtherProtocolError, UnreachableError and LocalTroubleError.
    """
    room = _first_room(stage)
    room.invite_cast(CREATOR)
    alice = room.attempt(CREATOR)
    dialect = stage.scene.target.dialect
    if isinstance(alice, Refusal):
        if not dialect.is_native:
            raise OtherProtocolError(f"expected the opening that {dialect.name} declares to succeed, got {alice}")
        _raise_if(other_handshake_answer(alice.status, alice.reason))
        raise RuleBrokenError("JOIN-6", f"alice to be let into the existing room {room.id}", str(alice))
    try:
        if stage.scene.target.lacks(Need.ECHO):
            room.join(OTHER)
        elif not _is_echoed(alice):
            if dialect.is_native:
                _raise_if(other_frames([received.frame for received in alice.connection.received]))
            raise RuleBrokenError("DELIVER-2", "alice, alone in a new room, to hear herself", alice.account())
    finally:
        for person in (alice, *(other for other in room.people if other is not alice)):
            person.die("rst")
    return alice.connection.compression


def _first_room(stage: Stage) -> Room:
    """Make a room. A server that answers too late, but answers, breaks CREATE-1."""
    deadline = stage.scene.deadline
    begin = time.monotonic()
    if stage.scene.target.lacks(Need.ROOMS):
        return stage.room(NAME)
    body = {"name": NAME, "created_by": CREATOR}
    answer = stage.scene.http.request("POST", "/api/chats", body, within=SLOW_DEADLINES * deadline)
    seconds = time.monotonic() - begin
    _raise_if(other_room_answer(answer))
    if seconds > deadline:
        expected = f"an answer to POST /api/chats within {deadline:g} s"
        raise RuleBrokenError("CREATE-1", expected, f"it after {seconds:.1f} s")
    return stage.add_room(answer, "CREATE-1")


def _raise_if(why: str | None) -> None:
    """Raise OtherProtocolError if there is a reason."""
    if why:
        raise OtherProtocolError(why)
