"""Checks of membership: who never joined, notices of a user with several devices."""

from collections.abc import Iterator

from roomproof.history import Event
from roomproof.judge import classification, facts, texts
from roomproof.judge.classification import JOIN_NOTICE, Loss, Part
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.needs import MEMBERSHIP_NS
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.expected import ExpectedItems, is_excused
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.messages import NoticeKind
from roomproof.spec.rules import Capability, Need


def never_joined(history: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Connections that were let in and never became members (JOIN-2)."""
    has_echo = not history.lacks(Need.ECHO)
    for member in history.connections.values():
        if facts.never_joined(
            member,
            is_evident=expected.evidence[member.number] is not None,
            stays=history.stays(member),
            is_sign_due=(_is_echo_due if has_echo else _is_word_due)(history, expected, member),
        ):
            text = texts.never_joined(member.user, has_echo=has_echo)
            yield Finding(Kind.NEVER_JOINED, "JOIN-2", member.number, text, witness=member.life)


def _is_echo_due(history: SortedHistory, expected: ExpectedItems, member: RecordedConnection) -> bool:
    own = expected.of(member, member)
    return any(
        message.at <= history.deadline and not is_excused(own, message.number, history.faults)
        for message in member.sent
    )


def _is_word_due(history: SortedHistory, expected: ExpectedItems, member: RecordedConnection) -> bool:
    """Whether a member of the room said something long after a connection was let in."""
    opened = member.opened
    return opened is not None and any(
        said.at > opened.at + MEMBERSHIP_NS
        and said.number <= expected.last_due_message(sender)
        and not is_excused(expected.of(sender, member), said.number, history.faults)
        for sender in history.in_room(member.room)
        if sender is not member and expected.evidence[sender.number] is not None
        if expected.is_certain_audience(sender, member)
        for said in sender.sent[-1:]
    )


def miscounted_notices(history: SortedHistory, traces: Traces, expected: ExpectedItems) -> Iterator[Finding]:
    """Too many or too few notices of a user with several connections.

    Such notices cannot be told apart.
    """
    for room in {one.room for one in history.connections.values()}:
        users: dict[str, list[RecordedConnection]] = {}
        for member in history.maybe_in_room(room):
            users.setdefault(member.user, []).append(member)
        for connections in users.values():
            if len(connections) > 1:
                for receiver in history.in_room(room):
                    yield from _doubled(traces, connections, receiver)
                    yield from _missing(history, traces, expected, connections, receiver)


_RULES = {NoticeKind.JOINED: "JOIN-1", NoticeKind.LEFT: "LEAVE-1"}


def _doubled(traces: Traces, connections: list[RecordedConnection], receiver: RecordedConnection) -> Iterator[Finding]:
    """More notices than the user had connections that joined, or ended."""
    user = connections[0].user
    for notice, rule in _RULES.items():
        got = traces.notices.get((receiver.number, user, notice), [])
        most = sum(1 for one in connections if notice is NoticeKind.JOINED or one.maybe_ended)
        if len(got) > most:
            text = texts.wrong_notice_count(notice, user, received=len(got), expected=most)
            witness = tuple(receipt.event for receipt in got)
            yield Finding(Kind.DOUBLED_NOTICE, rule, receiver.number, text, witness=witness)


def _missing(
    history: SortedHistory,
    traces: Traces,
    expected: ExpectedItems,
    connections: list[RecordedConnection],
    receiver: RecordedConnection,
) -> Iterator[Finding]:
    """Fewer notices than are certainly due, to a receiver that stays."""
    if history.declares(Capability.PRESENCE_PER_USER) or history.faults or not history.stays(receiver):
        return
    user = connections[0].user
    for notice in NoticeKind:
        got = traces.notices.get((receiver.number, user, notice), [])
        due = [one for one in connections if _is_notice_due(history, expected, notice, one, receiver)]
        if len(got) < len(due):
            text = texts.wrong_notice_count(notice, user, received=len(got), expected=len(due))
            witness: tuple[Event, ...] = (*(receipt.event for receipt in got), *(one.opening for one in due))
            part = Part.JOIN if notice is NoticeKind.JOINED else Part.LEAVE
            # Nobody can tell whose notice is missing. If all links ended without a Close frame, it is that of one.
            subject = next((one for one in due if not one.died), due[0])
            kind, rule = classification.missing(part, subject, Loss())
            yield Finding(kind, rule, receiver.number, text, witness=witness)


def _is_notice_due(
    history: SortedHistory,
    expected: ExpectedItems,
    notice: NoticeKind,
    connection: RecordedConnection,
    receiver: RecordedConnection,
) -> bool:
    """Whether a notice of one of a user's connections is certainly due to a receiver.

    alice  is a member             phone   joins as bob: its join notice is due to alice
                                   laptop  joins as bob: so is this one
    alice  receives one of them    alice   is missing a notice, but nobody can tell which
    """
    if connection is receiver or not connection.admitted or expected.maybe_never_joined(connection):
        return False
    if not expected.is_certain_audience(connection, receiver):
        return False
    joined = notice is NoticeKind.JOINED
    if not joined and not expected.were_together(connection, receiver):
        return False
    evidence = expected.evidence[receiver.number]
    sent = connection.sent_at(JOIN_NOTICE if joined else connection.leave)
    return evidence is not None and sent is not None and evidence < sent <= history.deadline
