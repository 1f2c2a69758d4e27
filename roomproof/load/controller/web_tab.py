"""The tab of Roomproof in Locust's web UI: what is known of the run so far."""

import json
from collections.abc import Callable

from flask import Response, request
from locust.web import WebUI

from roomproof.judge.findings import Finding
from roomproof.load.controller.progress import Progress
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.metrics import Count
from roomproof.load.figures.objectives import TIMES
from roomproof.load.figures.overload import texts_of
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.wording import duration
from roomproof.printable import printable
from roomproof.timeline import timeline
from roomproof.verdict import Verdict

KEY = "roomproof"

SHOWN_FINDINGS = 20

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
        """Add the tab; its rows come with the statistics that the page asks for every few seconds."""
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
        """What is shown."""
        progress = self._progress()
        run = progress.run
        capacity = _capacity(progress.search, progress.final) if progress.search else []
        if run is None:
            return [*capacity, _row("verdict", "none yet", progress.trouble)]
        totals = run.totals
        verdict = run.verdict
        rows = [
            *capacity,
            _row(
                "verdict",
                verdict.conclusion if verdict else "running",
                verdict.reason if verdict else run.findings_so_far(),
            ),
        ]
        rows += [_row("seed", run.options.seed), _row("sockets", f"{totals.sockets}", f"at most {totals.most_sockets}")]
        rows += [_row("rooms", f"{totals.rooms}"), _row("instances", ", ".join(totals.instances) or "not told")]
        rows += [_row(count.replace("_", " "), f"{totals.counts[count]}") for count in SHOWN_COUNTS]
        for timing in TIMES:
            times = totals.times(timing)
            if times.count:
                quantiles = {key: duration(value) for key, value in times.summary().items() if value is not None}
                rows.append(
                    _row(timing, quantiles["p99"], ", ".join(f"{key} {value}" for key, value in quantiles.items()))
                )
        return (
            rows
            + _generator(totals)
            + [row for finding in totals.findings[:SHOWN_FINDINGS] for row in _finding(finding)]
        )


def _capacity(search: Bisection, final: Verdict | None) -> list[dict[str, str]]:
    rows = [_row(f"{step.users} users", step.conclusion, step.reason) for step in search.steps]
    return [_row("capacity", final.conclusion if final else "searching", final.reason if final else ""), *rows]


def _generator(totals: RunTotals) -> list[dict[str, str]]:
    return [
        _row(
            f"generator {worker}",
            f"{report.cpu:.0%} of a core",
            f"timers {report.lag_ms:.1f} ms late; " + "; ".join(texts_of(report.overload)),
        )
        for worker, report in totals.last.items()
    ]


def _finding(finding: Finding) -> list[dict[str, str]]:
    witness = " | ".join(timeline(finding.witness))
    detail = f"{printable(finding.text)} {witness}"
    return [_row(f"{finding.kind} ({finding.rule})", f"at connection {finding.receiver}", detail)]


def _row(what: str, value: str, detail: str = "") -> dict[str, str]:
    return {"what": what, "value": value, "detail": detail}
