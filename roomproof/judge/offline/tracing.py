"""Tracing: the item that each received frame carries, or a finding.

Messages are recognised by their content (message_tracing.py), notices by their user id (notice_tracing.py).
"""

from roomproof.judge.findings import Kind
from roomproof.judge.offline.connection import RecordedConnection
from roomproof.judge.offline.message_tracing import MessageTracer, UnknownMessage
from roomproof.judge.offline.notice_tracing import NoticeTracer
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.judge.offline.traces import Trace, Traces
from roomproof.spec import messages


def trace(history: SortedHistory) -> Traces:
    """Trace every received frame of a history.

    Raises HistoryError if two connections of one user sent the same content in one room: nobody could tell them apart.
    """
    traces = Traces()
    message_tracer = MessageTracer(history, traces)
    notice_tracer = NoticeTracer(history, traces)
    for receiver in history.connections.values():
        traces.add(receiver, _received(traces, message_tracer, notice_tracer, receiver))
    return traces


def _received(
    traces: Traces, message_tracer: MessageTracer, notice_tracer: NoticeTracer, receiver: RecordedConnection
) -> list[Trace]:
    """The items that a receiver received, in order.

    Messages that nobody sent like that come last: which message one of them was depends on those around it.
    """
    by_position: dict[int, Trace] = {}
    unknown: list[UnknownMessage] = []
    copies = message_tracer.copies(receiver)
    for position, receipt in enumerate(receiver.receipts):
        found: Trace | None = None
        match receipt.frame:
            case messages.Message() as message if message_tracer.knows(message):
                found = message_tracer.recognise(receiver, receipt, message, copies)
            case messages.Message() as message:
                if not message_tracer.is_doubtful(receiver, message):
                    unknown.append(UnknownMessage(position, receipt, message))
            case messages.Notice() as notice:
                found = notice_tracer.recognise(receiver, receipt, notice)
            case messages.Malformed(reason, content):
                rule = "FRAME-1" if message_tracer.is_from_bad_frame(receiver, content) else "DELIVER-7"
                traces.report((Kind.MALFORMED, rule), receiver, receipt, reason)
            case _:
                pass
        if found is not None:
            by_position[position] = found
    for one in unknown:
        found = message_tracer.explain(receiver, one, by_position)
        if found is not None:
            by_position[one.position] = found
    return [by_position[position] for position in sorted(by_position)]
