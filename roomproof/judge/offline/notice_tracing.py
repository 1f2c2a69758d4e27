"""Tracing of join and leave notices by their user id."""

from collections import defaultdict

from roomproof.judge import texts
from roomproof.judge.classification import JOIN_NOTICE, Violation
from roomproof.judge.findings import Kind, quoted
from roomproof.judge.offline.connection import Receipt, RecordedConnection
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces
from roomproof.spec.messages import Notice, NoticeKind

PHANTOM_NOTICE: Violation = Kind.PHANTOM, "DELIVER-14"


class NoticeTracer:
    """Traces the notices of one history.

    Notices of a user with several connections in the room cannot be told apart: they are collected, to be counted.
    """

    def __init__(self, history: SortedHistory, traces: Traces) -> None:
        self._history = history
        self._traces = traces
        self._users: dict[str, list[RecordedConnection]] = defaultdict(list)
        """The connections of each user, in all rooms."""
        for connection in history.connections.values():
            self._users[connection.user].append(connection)

    def recognise(self, receiver: RecordedConnection, receipt: Receipt, notice: Notice) -> Trace | None:
        """The trace of a notice.

        None if it is collected, or if it cannot be true, which is a finding.
        """
        namesakes = self._users.get(notice.user_id, [])
        here = [one for one in namesakes if one.room == receiver.room]
        if notice.chat_id != receiver.room and self._is_from_another_room(receiver, receipt, notice, namesakes, here):
            return None
        maybe_members = [one for one in here if one.maybe_admitted]
        if self._is_of_nobody(receiver, receipt, notice, here, maybe_members):
            return None
        if len(maybe_members) > 1:
            self._traces.notices[receiver.number, notice.user_id, notice.kind].append(receipt)
            return None
        (subject,) = maybe_members
        if notice.kind is NoticeKind.JOINED:
            return Trace(subject.number, JOIN_NOTICE, receipt)
        if receipt.at < subject.certainly_open_until and not self._history.is_touched_by_fault(subject, receipt.at):
            text = texts.leave_of_open_connection(self._name(receiver, notice))
            self._traces.report(PHANTOM_NOTICE, receiver, receipt, text, subject)
            return None
        return Trace(subject.number, subject.leave, receipt)

    def _is_from_another_room(
        self,
        receiver: RecordedConnection,
        receipt: Receipt,
        notice: Notice,
        namesakes: list[RecordedConnection],
        here: list[RecordedConnection],
    ) -> bool:
        """Whether a notice with another chat id is of another room.

        If not, its chat id is altered. Either is reported.
        """
        elsewhere = [one for one in namesakes if one.room == notice.chat_id] or ([] if here else namesakes)
        if elsewhere:
            text = texts.notice_from_another_room(notice.kind, self._name(receiver, notice), notice.chat_id)
            self._traces.report((Kind.LEAKED, "DELIVER-4"), receiver, receipt, text, elsewhere[0])
            return True
        text = texts.wrong_chat(receiver.room, notice.chat_id)
        self._traces.report((Kind.ALTERED, "DELIVER-7"), receiver, receipt, text)
        return False

    def _is_of_nobody(
        self,
        receiver: RecordedConnection,
        receipt: Receipt,
        notice: Notice,
        here: list[RecordedConnection],
        maybe_members: list[RecordedConnection],
    ) -> bool:
        """Whether no connection of the user can have been a member. If so, report that."""
        name = self._name(receiver, notice)
        if not here:
            self._traces.report(PHANTOM_NOTICE, receiver, receipt, texts.notice_of_nobody(notice.kind, name))
            return True
        if not maybe_members:
            text = texts.notice_of_refused_connection(notice.kind, name)
            self._traces.report((Kind.PHANTOM, "REFUSE-4"), receiver, receipt, text, here[0])
            return True
        if receipt.at < min(one.opening.at for one in maybe_members):
            text = texts.notice_of_nobody(notice.kind, name)
            self._traces.report(PHANTOM_NOTICE, receiver, receipt, text, maybe_members[0])
            return True
        return False

    def _name(self, receiver: RecordedConnection, notice: Notice) -> str:
        """The user id of a notice, quoted.

        It is escaped if another user id in the room looks like it.
        """
        return quoted(notice.user_id, *(one.user for one in self._history.rooms.get(receiver.room, ())))
