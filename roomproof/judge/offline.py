"""The oracle's offline form: a whole history in, all findings out."""

from collections.abc import Iterable

from roomproof.history import Event
from roomproof.judge import closing, delivery, presence, timing
from roomproof.judge.due import Dues
from roomproof.judge.findings import Finding
from roomproof.judge.hearing import listen, unexpected_errors
from roomproof.judge.run import sort


def judge(events: Iterable[Event]) -> list[Finding]:
    """All that a history shows against the server that it was recorded from; nothing for one that kept every rule.

    Raises HistoryError for a history that contradicts itself.
    """
    run = sort(events)
    hearing = listen(run)
    dues = Dues(run, hearing)
    findings = list(hearing.findings)
    for receiver in run.connections.values():
        if not receiver.member or dues.evidence[receiver.number] is None:
            continue
        for stream in run.in_room(receiver.room):
            if not dues.in_audience(stream.number, receiver):
                continue
            due = dues.of(stream, receiver)
            findings += delivery.lost(due, run)
            findings += delivery.replayed(due, run)
            findings += delivery.duplicated(due)
            findings += delivery.reordered(due)
    findings += delivery.leaked(run, hearing, dues)
    findings += presence.never_joined(run, dues)
    findings += closing.dropped(run, hearing)
    findings += closing.unanswered_close(run)
    findings += timing.wrong_time(run, hearing)
    findings += presence.miscounted_notices(run, hearing, dues)
    findings += delivery.disordered(run, hearing)
    findings += unexpected_errors(run)
    return findings
