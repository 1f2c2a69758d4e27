"""The oracle's offline form: a whole history in, all findings out."""

from collections.abc import Iterable

from roomproof.history import Event
from roomproof.judge.findings import Finding
from roomproof.judge.offline import closing, delivery, error_frames, membership, timestamps, total_order
from roomproof.judge.offline.expected import ExpectedItems
from roomproof.judge.offline.sorted_history import sort
from roomproof.judge.offline.tracing import trace


def judge(events: Iterable[Event]) -> list[Finding]:
    """All that a history shows against the server that it was recorded from; nothing for one that kept every rule.

    Raises HistoryError for a history that contradicts itself.
    """
    run = sort(events)
    traces = trace(run)
    expected = ExpectedItems(run, traces)
    findings = list(traces.findings)
    for receiver in run.connections.values():
        if not receiver.admitted:
            continue
        for stream in run.maybe_in_room(receiver.room):
            if not expected.in_audience(stream.number, receiver):
                continue
            due = expected.of(stream, receiver)
            findings += delivery.lost(due, run)
            findings += delivery.replayed(due, run)
            findings += delivery.duplicated(due)
            findings += delivery.reordered(due, run)
    findings += delivery.leaked(run, traces, expected)
    findings += membership.never_joined(run, expected)
    findings += closing.dropped(run, expected)
    findings += closing.unanswered_close(run, expected)
    findings += timestamps.wrong_time(run, traces)
    findings += membership.miscounted_notices(run, traces, expected)
    findings += total_order.disordered(run, traces)
    findings += error_frames.unprovoked_errors(run)
    return findings
