"""The offline judge: all findings of a whole history."""

from collections.abc import Iterable

from roomproof.history import Event, Started
from roomproof.judge.findings import Finding
from roomproof.judge.needs import inapplicable_rules
from roomproof.judge.offline import closing, delivery, error_frames, membership, timestamps, total_order
from roomproof.judge.offline.expected import ExpectedItems, ExpectedStream
from roomproof.judge.offline.sorted_history import sort
from roomproof.judge.offline.tracing import trace


def judge(events: Iterable[Event]) -> list[Finding]:
    """All findings against the server of a history; none if it kept every rule.

    Raises HistoryError for a history that contradicts itself.
    """
    history = sort(events)
    traces = trace(history)
    expected = ExpectedItems(history, traces)
    findings = list(traces.findings)
    dues: list[ExpectedStream] = []
    for receiver in history.connections.values():
        if not receiver.admitted:
            continue
        for sender in history.maybe_in_room(receiver.room):
            if not expected.in_audience(sender.number, receiver):
                continue
            due = expected.of(sender, receiver)
            dues.append(due)
            findings += delivery.replayed(due, history)
            findings += delivery.duplicated(due)
            findings += delivery.reordered(due, history)
    findings += delivery.lost(dues, expected)
    findings += delivery.leaked(history, traces, expected)
    findings += membership.never_joined(history, expected)
    findings += closing.dropped(history, expected)
    findings += closing.unanswered_close(history, expected)
    findings += timestamps.wrong_time(history, traces)
    findings += membership.miscounted_notices(history, traces, expected)
    findings += total_order.disordered(history, traces)
    findings += error_frames.unprovoked_errors(history)
    return _applicable(findings, history.started)


def _applicable(findings: list[Finding], started: Started) -> list[Finding]:
    """The findings under rules that apply to what the service has."""
    inapplicable = inapplicable_rules(started.without)
    return [one for one in findings if one.rule not in inapplicable]
