"""The results of a load run: the file of JSON lines, and the text on the terminal."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from typing import IO

from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.objectives import TIMES
from roomproof.load.figures.percentiles import quantile
from roomproof.load.figures.totals import RunTotals
from roomproof.load.options import LoadOptions
from roomproof.printable import counted, printable
from roomproof.report.capabilities import capability_names
from roomproof.report.durations import duration
from roomproof.report.json_lines import JsonLines
from roomproof.report.result_file import run_line, verdict_line
from roomproof.spec.rules import Protocol
from roomproof.timeline import connection_names, timeline
from roomproof.verdict import Verdict

COUNT_KEYS = {
    Count.SENT: "sent",
    Count.DELIVERED: "delivered",
    Count.SENT_LATE: "late_sends",
    Count.SENDS_DROPPED: "dropped_sends",
    Count.SENDS_BLOCKED: "blocked_sends",
    Count.CONNECTED: "connected",
    Count.HANDSHAKES_REFUSED: "refused",
    Count.ROOMS_REFUSED: "roomless",
    Count.PARTICIPANTS_REFUSED: "uninvited",
    Count.UNANSWERED: "unanswered",
    Count.LOCAL_TROUBLE: "local_trouble",
    Count.TASKS_RAISED: "tasks_raised",
    Count.REQUESTS_FAILED: "requests_failed",
    Count.UNTIMED: "untimed",
    Count.CLOSED: "left",
    Count.DISCONNECTED: "died",
    Count.READING_PAUSED: "paused",
    Count.BACKLOG_NOTICEABLE: "swamped",
}
"""The key of each counter in the result file, which other programs read: keys never change."""

FINDING_KEYS = {
    Kind.LOST: "lost",
    Kind.REPLAYED: "replayed",
    Kind.LEAKED: "leaked",
    Kind.PHANTOM: "phantom",
    Kind.DUPLICATED: "duplicated",
    Kind.REORDERED: "reordered",
    Kind.ALTERED: "altered",
    Kind.MISATTRIBUTED: "misattributed",
    Kind.NEVER_JOINED: "never_joined",
    Kind.DROPPED: "dropped",
    Kind.MISSING_NOTICE: "notice_missing",
    Kind.DOUBLED_NOTICE: "notice_doubled",
    Kind.MISPLACED: "misplaced",
    Kind.MALFORMED: "malformed",
    Kind.WRONG_TIME: "wrong_time",
    Kind.UNPROVOKED_ERROR: "unprovoked_error",
    Kind.UNANSWERED_CLOSE: "close_unanswered",
    Kind.HELD_UP: "held_up",
}
"""The key of each kind of finding beside the counters, likewise."""

SHOWN_FINDINGS = 3
"""Findings of each kind that are printed; the result file has all that were kept."""


class LoadResults(JsonLines):
    """The result file of one run.

    It has one `run` line, `interval` and `finding` lines, and last the `verdict`. An error while writing is kept in
    `trouble`, and nothing more is written.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.trouble = ""
        """The reason why nothing more is written; empty if all is."""

    def _write(self, line: dict[str, object]) -> None:
        if self.trouble:
            return
        try:
            super()._write(line)
        except OSError as error:
            self.trouble = f"the results could not be written: {error.strerror}"
            with contextlib.suppress(OSError):
                self._file.truncate(self._complete_bytes)

    def run(self, protocol: Protocol, options: LoadOptions) -> None:
        """Write the first line."""
        target = options.target
        self._write(
            run_line(protocol, target.url, capability_names(target.capabilities), partial=True)
            | {"seed": options.seed, "room_size": options.room_size, "rate": options.rate}
            | {"message_bytes": options.message_bytes, "slo": [objective.text for objective in options.objectives]}
        )

    def interval(self, totals: RunTotals, second: int) -> None:
        """Write what happened since the last line.

        Percentiles are in microseconds, the lag is in milliseconds, and `cpu` is the share of a core.
        """
        now = totals.interval
        self._write(
            {
                "kind": "interval",
                "second": second,
                "sent": now.sent,
                "delivered": now.delivered,
                "sockets": totals.sockets,
                "p50": quantile(now.deliver, 50),
                "p99": quantile(now.deliver, 99),
                "lag_ms": round(now.lag_ms, 2),
                "cpu": round(now.cpu, 3),
                "findings": now.findings,
            }
        )

    def findings(self, findings: Iterable[Finding]) -> None:
        """Write findings, with their witnesses."""
        for finding in findings:
            self._write(
                {"kind": "finding", "finding": finding.kind}
                | {
                    name: getattr(finding, name)
                    for name in ("rule", "receiver", "text", "detail", "stream", "item", "witness")
                }
            )

    def step(self, users: int, verdict: Verdict, totals: RunTotals) -> None:
        """Write the verdict and the figures of a step of a search for the capacity."""
        line = {"kind": "step", "users": users, "verdict": verdict.conclusion, "reason": verdict.reason}
        self._write(line | summary(totals))

    def conclude_search(
        self, verdict: Verdict, protocol: Protocol, search: Bisection, decisive: tuple[Verdict, RunTotals] | None
    ) -> None:
        """Write the last line of a search for the capacity, and close the file.

        `capacity` has the largest number of `users` that was good, and the smallest that was `too_many`. Rules, counts
        and times are those of the decisive step, if there is one.
        """
        best, worst = search.best, search.worst
        found = {"users": best.users if best else None, "rate": round(best.rate, 1) if best and best.rate else None}
        found |= {"too_many": worst.users if worst and not worst.is_generator_limit else None}
        line = verdict_line(verdict, protocol)
        if decisive is not None:
            of_step, totals = decisive
            whole = replace(of_step, conclusion=verdict.conclusion, reason=verdict.reason)
            line = verdict_line(whole, protocol) | summary(totals)
        self._write(line | {"capacity": found})
        self._file.close()

    def verdict(self, verdict: Verdict, protocol: Protocol, totals: RunTotals) -> None:
        """Write the last line, and close the file."""
        self._write(verdict_line(verdict, protocol) | summary(totals))
        self._file.close()


def counts_of(totals: RunTotals) -> dict[str, int]:
    """Return all counters and counts of findings by their keys in the result file."""
    counts = {key: totals.counts[count] for count, key in COUNT_KEYS.items()}
    return counts | {key: totals.findings_by_kind[kind] for kind, key in FINDING_KEYS.items()}


def summary(totals: RunTotals) -> dict[str, object]:
    """Return the figures of a run, as the verdict line has them."""
    others = (Timing.CONNECT, Timing.JOIN, Timing.LAST_RECIPIENT, Timing.SPREAD)
    return {
        "counts": counts_of(totals),
        "latency_us": totals.times(Timing.DELIVER).summary(),
        "times_us": {name: totals.times(name).summary() for name in others},
        "rate": None if totals.rate is None else round(totals.rate, 1),
        "sockets": totals.most_sockets,
        "rooms": totals.rooms,
        "instances": totals.instances,
        "generator": totals.generator(),
        "histograms": {name: totals.times(name).encoded() for name in TIMES if totals.times(name).count},
    }


def text_of(verdict: Verdict, totals: RunTotals, missed: list[str]) -> str:
    """Return the text printed at the end of a run; `missed` are sentences."""
    return "\n".join(
        [
            "",
            "Roomproof",
            *(line for kind in Kind for line in _finding_lines(kind, totals)),
            *(f"  {sentence}" for sentence in missed),
            *_time_lines(totals),
            *_count_lines(totals),
            verdict.sentence,
        ]
    )


def witness_lines(finding: Finding, totals: RunTotals) -> list[str]:
    """Return the witness of a finding as lines that name users."""
    return timeline(finding.witness, names=totals.users | connection_names(finding.witness))


def _finding_lines(kind: Kind, totals: RunTotals) -> list[str]:
    """The first findings of a kind, one witness, and the number of other findings."""
    shown = [finding for finding in totals.findings if finding.kind is kind][:SHOWN_FINDINGS]
    lines = [
        f"  {finding.kind} ({finding.rule}), {totals.receiver_of(finding)}: {printable(finding.full_text)}"
        for finding in shown
    ]
    if shown and shown[0].witness:
        lines += [f"    {line}" for line in witness_lines(shown[0], totals)]
    others = totals.findings_by_kind[kind] - len(shown)
    if others > 0:
        lines.append(f"  ... and {others} more of the kind {kind}")
    return lines


def _time_lines(totals: RunTotals) -> list[str]:
    lines = []
    for timing in (Timing.DELIVER, Timing.LAST_RECIPIENT, Timing.SPREAD, Timing.CONNECT, Timing.JOIN):
        times = totals.times(timing)
        if times.count:
            quantiles = ", ".join(
                f"{name} {duration(value)}" for name, value in times.summary().items() if value is not None
            )
            lines.append(f"  {timing:14}  {quantiles}")
    return lines


def _count_lines(totals: RunTotals) -> list[str]:
    counts = totals.counts
    lines = []
    if counts[Count.UNTIMED]:
        messages = counted(counts[Count.UNTIMED], "message")
        lines.append(
            f"  {messages} without a time at the last recipient, whom they reached late, altered or not at all"
        )
    sends = f"{counts[Count.SENT_LATE]} late and {counts[Count.SENDS_DROPPED]} dropped sends"
    if counts[Count.SENDS_BLOCKED]:
        sends += f", {counts[Count.SENDS_BLOCKED]} given up because the server did not read"
    lines.append(
        f"  {counts[Count.SENT]} sent, {counts[Count.DELIVERED]} delivered and verified, "
        f"{counted(totals.most_sockets, 'socket')}, {counted(totals.rooms, 'room')}, {sends}"
    )
    return lines
