"""The tab of Roomproof in Locust's web UI: what is known of the run so far."""

import json
from typing import TYPE_CHECKING

from flask import Response, request
from locust.web import WebUI

from roomproof.judge.findings import Finding
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.objectives import TIMES, shown
from roomproof.load.figures.totals import RunTotals
from roomproof.printable import printable
from roomproof.timeline import timeline
from roomproof.verdict import Verdict

if TYPE_CHECKING:
    from roomproof.load.controller.controller import LoadController

KEY = "roomproof"

SHOWN_FINDINGS = 20

COLUMNS = [{"key": "what", "title": "What"}, {"key": "value", "title": "Value"}, {"key": "detail", "title": "Detail"}]


class WebTab:
    """Shows the run of a conductor."""

    def __init__(self, conductor: "LoadController") -> None:
        self._conductor = conductor

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
        run, climb = self._conductor.run, self._conductor.climb
        capacity = _capacity(climb.search, self._conductor.final) if climb and climb.search else []
        if run is None:
            return [*capacity, _row("verdict", "none yet", self._conductor.trouble)]
        books = run.books
        verdict = run.verdict
        rows = [
            *capacity,
            _row("verdict", verdict.conclusion if verdict else "running", verdict.reason if verdict else run.so_far()),
        ]
        rows += [_row("seed", run.options.seed), _row("sockets", f"{books.sockets}", f"at most {books.most_sockets}")]
        rows += [_row("rooms", f"{books.rooms}"), _row("instances", ", ".join(books.instances) or "not told")]
        rows += [
            _row(name, f"{books.totals[name]}")
            for name in ("sent", "delivered", "late", "dropped", "refused", "unanswered")
        ]
        for name in TIMES:
            times = books.times(name)
            if times.count:
                quantiles = {key: shown(value) for key, value in times.summary().items() if value is not None}
                rows.append(
                    _row(name, quantiles["p99"], ", ".join(f"{key} {value}" for key, value in quantiles.items()))
                )
        return (
            rows + _generator(books) + [row for finding in books.findings[:SHOWN_FINDINGS] for row in _finding(finding)]
        )


def _capacity(search: Bisection, final: Verdict | None) -> list[dict[str, str]]:
    rows = [_row(f"{step.users} users", step.conclusion, step.reason) for step in search.steps]
    return [_row("capacity", final.conclusion if final else "searching", final.reason if final else ""), *rows]


def _generator(books: RunTotals) -> list[dict[str, str]]:
    return [
        _row(
            f"generator {worker}",
            f"{beat.cpu:.0%} of a core",
            f"timers {beat.lag_ms:.1f} ms late; " + "; ".join(beat.overloaded),
        )
        for worker, beat in books.last.items()
    ]


def _finding(finding: Finding) -> list[dict[str, str]]:
    witness = " | ".join(timeline(finding.witness))
    detail = f"{printable(finding.full_text)} {witness}"
    return [_row(f"{finding.kind} ({finding.rule})", f"at connection {finding.receiver}", detail)]


def _row(what: str, value: str, detail: str = "") -> dict[str, str]:
    return {"what": what, "value": value, "detail": detail}
