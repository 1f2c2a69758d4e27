"""The tab of Roomproof in the web UI of Locust: the run so far."""

import json
from collections.abc import Callable

from flask import Response, request
from locust.web import WebUI

from roomproof.judge.findings import Finding, Kind
from roomproof.load.controller.progress import Progress
from roomproof.load.controller.results import witness_lines
from roomproof.load.controller.run import LoadRun
from roomproof.load.figures.backlog import overdue_text
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.metrics import Count
from roomproof.load.figures.objectives import TIMES
from roomproof.load.figures.overload import texts_of
from roomproof.load.figures.totals import RunTotals
from roomproof.printable import printable
from roomproof.report.durations import duration
from roomproof.verdict import Verdict

KEY = "roomproof"

SHOWN_FINDINGS = 20
"""Findings that have a row."""

SHOWN_COUNTS = (
    Count.SENT,
    Count.DELIVERED,
    Count.SENT_LATE,
    Count.SENDS_DROPPED,
    Count.HANDSHAKES_REFUSED,
    Count.UNANSWERED,
)

COLUMNS = [{"key": "what", "title": "What"}, {"key": "value", "title": "Value"}, {"key": "detail", "title": "Detail"}]


class WebTab:
    """Shows the progress of the current run."""

    def __init__(self, progress: Callable[[], Progress]) -> None:
        self._progress = progress

    def show_in(self, web_ui: WebUI) -> None:
        """Add the tab. Its rows are part of the statistics that the page polls."""
        web_ui.template_args |= {
            "extended_tabs": [{"title": "Roomproof", "key": KEY}],
            "extended_tables": [{"key": KEY, "structure": COLUMNS}],
        }

        def add_rows(response: Response) -> Response:
            if request.path.endswith("/stats/requests") and response.is_json:
                rows = {"extended_stats": [{"key": KEY, "data": self.rows()}]}
                response.set_data(json.dumps({**(response.json or {}), **rows}))
            return response

        if web_ui.app is not None:
            web_ui.app.after_request(add_rows)

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of the tab."""
        progress = self._progress()
        run = progress.run
        capacity = _capacity(progress.search, progress.final) if progress.search else []
        if run is None:
            return [*capacity, _row("verdict", "none yet", progress.trouble)]
        findings = run.totals.findings[:SHOWN_FINDINGS]
        return [
            *capacity,
            *_run(run),
            *_times(run.totals),
            *_generators(run.totals),
            *(_finding(finding, run.totals) for finding in findings),
        ]


def _capacity(search: Bisection, final: Verdict | None) -> list[dict[str, str]]:
    rows = [_row(f"{step.users} users", step.conclusion, step.reason) for step in search.steps]
    return [_row("capacity", final.conclusion if final else "searching", final.reason if final else ""), *rows]


def _run(run: LoadRun) -> list[dict[str, str]]:
    verdict, totals = run.verdict, run.totals
    conclusion = verdict.conclusion if verdict else "running"
    return [
        _row("verdict", conclusion, verdict.reason if verdict else run.findings_so_far()),
        _deliveries(totals, is_over=verdict is not None),
        _row("seed", run.options.seed),
        _row("sockets", f"{totals.sockets}", f"at most {totals.most_sockets}"),
        _row("rooms", f"{totals.rooms}"),
        _row("instances", ", ".join(totals.instances) or "not named"),
        *(_row(count.replace("_", " "), f"{totals.counts[count]}") for count in SHOWN_COUNTS),
    ]


def _deliveries(totals: RunTotals, *, is_over: bool) -> dict[str, str]:
    """The deliveries that were due and those that arrived."""
    backlog = totals.backlog
    lost = totals.findings_by_kind[Kind.LOST]
    arrived = f"{totals.counts[Count.DELIVERED]} of {totals.due} due"
    if is_over:
        return _row("deliveries", arrived, f"{lost} lost" if lost else "")
    overdue = overdue_text(backlog) or "none overdue"
    return _row("deliveries", arrived, f"{backlog.outstanding} outstanding; {overdue}")


def _times(totals: RunTotals) -> list[dict[str, str]]:
    rows = []
    for timing in TIMES:
        times = totals.times(timing)
        if times.count:
            quantiles = {name: duration(value) for name, value in times.summary().items() if value is not None}
            detail = ", ".join(f"{name} {value}" for name, value in quantiles.items())
            rows.append(_row(timing, f"p99 {quantiles['p99']}", detail))
    return rows


def _generators(totals: RunTotals) -> list[dict[str, str]]:
    return [
        _row(
            f"generator {worker}",
            f"{report.cpu:.0%} of a core",
            "; ".join([f"timers {report.lag_ms:.1f} ms late", *texts_of(report.overload)]),
        )
        for worker, report in totals.last.items()
    ]


def _finding(finding: Finding, totals: RunTotals) -> dict[str, str]:
    witness = " | ".join(witness_lines(finding, totals))
    detail = f"{printable(finding.full_text)} {witness}"
    return _row(f"{finding.kind} ({finding.rule})", totals.receiver_of(finding), detail)


def _row(what: str, value: str, detail: str = "") -> dict[str, str]:
    return {"what": what, "value": value, "detail": detail}
