"""What a load run leaves behind: JSON lines in the format of the suite's results, and the text on the terminal."""

import contextlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.objectives import shown
from roomproof.load.figures.percentiles import quantile
from roomproof.load.figures.totals import ADDED, RunTotals
from roomproof.load.options import LoadOptions
from roomproof.printable import printable
from roomproof.report.results import JsonLines, capability_names, run_line, verdict_line
from roomproof.spec.rules import Protocol
from roomproof.timeline import timeline
from roomproof.verdict import Verdict

COUNTED_AS = {"late": "late_sends", "dropped": "dropped_sends", "blocked": "blocked_sends"}
"""What is called otherwise beside the kinds of findings."""

SHOWN_FINDINGS = 3
"""So many findings of each kind are printed; the result file has all that were kept."""


class LoadResults(JsonLines):
    """The result file of one run: `run`, an `interval` for each second, `finding` lines, and last the `verdict`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.trouble = ""
        """Why nothing more can be written, if so."""

    def _write(self, line: dict[str, object]) -> None:
        if self.trouble:
            return
        try:
            super()._write(line)
        except OSError as error:
            self.trouble = f"the results could not be written: {error.strerror}"
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)

    def run(self, protocol: Protocol, options: LoadOptions) -> None:
        """Write the first line."""
        target = options.target
        self._write(
            run_line(protocol, target.url, capability_names(target.capabilities), partial=True)
            | {"seed": options.seed, "room_size": options.room_size, "rate": options.rate}
            | {"message_bytes": options.message_bytes, "slo": [slo.text for slo in options.slos]}
        )

    def interval(self, books: RunTotals, second: int) -> None:
        """Write what happened since the last line; times are microseconds, but for the lag."""
        now = books.second
        self._write(
            {
                "kind": "interval",
                "second": second,
                "sent": now.sent,
                "delivered": now.delivered,
                "sockets": books.sockets,
                "p50": quantile(now.deliver, 50),
                "p99": quantile(now.deliver, 99),
                "lag_ms": round(now.lag_ms, 2),
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

    def step(self, users: int, verdict: Verdict, books: RunTotals) -> None:
        """Write how a step of a search for the capacity went."""
        said = {"kind": "step", "users": users, "verdict": verdict.conclusion, "reason": verdict.reason}
        self._write(said | summary(books))

    def conclude_search(
        self, verdict: Verdict, protocol: Protocol, search: Bisection, decisive: tuple[Verdict, RunTotals] | None
    ) -> None:
        """Write the last line of a search for the capacity, and close. `users` are borne, `too_many` are not.

        The rest, rules, counts and times, is that of the decisive step, if there was any.
        """
        best, worst = search.best, search.worst
        found = {"users": best.users if best else None, "rate": round(best.rate, 1) if best and best.rate else None}
        found |= {"too_many": worst.users if worst and not worst.is_generators else None}
        told = verdict_line(verdict, protocol)
        if decisive is not None:
            of_step, books = decisive
            whole = replace(of_step, conclusion=verdict.conclusion, reason=verdict.reason)
            told = verdict_line(whole, protocol) | summary(books)
        self._write(told | {"capacity": found})
        self._file.close()

    def verdict(self, verdict: Verdict, protocol: Protocol, books: RunTotals) -> None:
        """Write the last line, and close."""
        self._write(verdict_line(verdict, protocol) | summary(books))
        self._file.close()


def counts_of(books: RunTotals) -> dict[str, int]:
    """Everything that was counted, with the kinds of findings."""
    kinds = {kind.replace(" ", "_"): books.counts[kind] for kind in Kind}
    return {COUNTED_AS.get(name, name): books.totals[name] for name in ADDED} | kinds


def summary(books: RunTotals) -> dict[str, object]:
    """What the verdict line says beside the verdict."""
    others = ("connect", "join", "last_recipient", "spread")
    return {
        "counts": counts_of(books),
        "latency_us": books.times("deliver").summary(),
        "times_us": {name: books.times(name).summary() for name in others},
        "rate": None if books.rate is None else round(books.rate, 1),
        "sockets": books.most_sockets,
        "rooms": books.rooms,
        "instances": books.instances,
        "generator": books.generator(),
    }


def text_of(verdict: Verdict, books: RunTotals, missed: list[str]) -> str:
    """A run as it is printed at its end."""
    lines = ["", "Roomproof"]
    for kind in Kind:
        some = [finding for finding in books.findings if finding.kind is kind][:SHOWN_FINDINGS]
        lines += [
            f"  {finding.kind} ({finding.rule}), at connection {finding.receiver}: {printable(finding.full_text)}"
            for finding in some
        ]
        if some and some[0].witness:
            lines += [f"    {line}" for line in timeline(some[0].witness)]
        if books.counts[kind] > len(some):
            lines.append(f"  ... and {books.counts[kind] - len(some)} more of the kind {kind}")
    lines += [f"  {sentence}" for sentence in missed]
    for name in ("deliver", "last_recipient", "spread", "connect", "join"):
        times = books.times(name)
        if times.count:
            quantiles = ", ".join(
                f"{key} {shown(value)}" for key, value in times.summary().items() if value is not None
            )
            lines.append(f"  {name:14}  {quantiles}")
    totals = books.totals
    if totals["untimed"]:
        lines.append(f"  {totals['untimed']} messages are not timed to their last recipient: it read too late")
    lines.append(
        f"  {totals['sent']} sent, {totals['delivered']} delivered and verified, {books.most_sockets} sockets, "
        f"{books.rooms} rooms, {totals['late']} late and {totals['dropped']} dropped sends"
        + (f", {totals['blocked']} given up because the server did not read" if totals["blocked"] else "")
    )
    lines.append(verdict.sentence)
    return "\n".join(lines)
