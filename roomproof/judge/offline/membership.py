"""Checks of membership: members that never joined, notices of users with several connections."""

from collections.abc import Iterator

from roomproof.history import Event
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.expected import ExpectedItems, excused
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Traces
from roomproof.spec.messages import NoticeKind
from roomproof.spec.rules import Capability


def never_joined(run: SortedHistory, expected: ExpectedItems) -> Iterator[Finding]:
    """Members that stayed to the deadline, should have heard something, and showed no evidence of membership."""
    for member in run.connections.values():
        if not member.admitted or not run.stayed(member) or expected.evidence[member.number] is not None:
            continue
        own = expected.of(member, member)
        if any(item.sent.at <= run.deadline and not excused(own, item.number, run.faults) for item in member.said):
            text = f"{member.user!r} was let in, and neither echo nor notice shows that it is a member"
            yield Finding(Kind.NEVER_JOINED, "JOIN-2", member.number, text, witness=member.life)


def miscounted_notices(run: SortedHistory, traces: Traces, expected: ExpectedItems) -> Iterator[Finding]:
    """Too many or too few notices of a user with several connections, whose notices cannot be told apart (JOIN-1)."""
    for room in {one.room for one in run.connections.values()}:
        members = run.in_room(room)
        users: dict[str, list[RecordedConnection]] = {}
        for member in run.maybe_in_room(room):
            users.setdefault(member.user, []).append(member)
        for connections in users.values():
            if len(connections) > 1:
                for receiver in members:
                    yield from _miscounted(run, traces, expected, connections, receiver)


def _miscounted(
    run: SortedHistory,
    traces: Traces,
    expected: ExpectedItems,
    connections: list[RecordedConnection],
    receiver: RecordedConnection,
) -> Iterator[Finding]:
    user = connections[0].user
    evidence = expected.evidence[receiver.number]
    for kind, rule in ((NoticeKind.JOINED, "JOIN-1"), (NoticeKind.LEFT, "LEAVE-1")):
        joins = kind is NoticeKind.JOINED
        got = traces.notices.get((receiver.number, user, kind), [])
        most = connections if joins else [one for one in connections if one.maybe_ended]
        if len(got) > len(most):
            text = f"{len(got)} notices that {user!r} {kind}, for {len(most)} connections"
            yield Finding(Kind.DOUBLED_NOTICE, rule, receiver.number, text, witness=tuple(one.event for one in got))
        if run.declares(Capability.PRESENCE_PER_USER) or evidence is None or not run.stayed(receiver):
            continue
        due = [
            one
            for one in connections
            if one.admitted
            and one is not receiver
            and not expected.maybe_never_joined(one)
            and expected.is_certainly_in_audience(one, receiver)
            and (joins or expected.were_together(one, receiver))
            and (said := one.said_at(one.join if joins else one.leave)) is not None
            and evidence < said <= run.deadline
        ]
        if len(got) < len(due) and not run.faults:
            text = f"{len(got)} notices that {user!r} {kind}, where {len(due)} are due"
            witness: tuple[Event, ...] = (*(one.event for one in got), *(one.opening for one in due))
            yield Finding(Kind.MISSING_NOTICE, rule, receiver.number, text, witness=witness)
