"""The page shows runs side by side, and everything in them as text."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from roomproof.history import Deadline, Event, HistoryError, Started
from roomproof.report.page.failures import History
from roomproof.report.page.html_page import MAX_BYTES, html_page
from roomproof.report.saved_run import SavedRun
from roomproof.spec.rules import read_protocol
from tests.unit.report.saved import (
    FAILED,
    FINDING,
    HOSTILE,
    INVALID,
    LOAD,
    LOADED,
    PASSED,
    RUN,
    VALID,
    doubled_history,
    interval,
    saved,
)

PROTOCOL = read_protocol()


def no_history(*_: object) -> Sequence[Event] | None:
    return None


def page(*runs: SavedRun, history: History = no_history) -> str:
    return html_page(runs, history, PROTOCOL)


class Elements(HTMLParser):
    """Collects the names of all elements and attributes, and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_broken_rule_is_shown_with_its_scenarios() -> None:
    text = page(saved(RUN, PASSED, FAILED, INVALID))

    assert "<title>Roomproof: invalid</title>" in text
    assert "broken in 1 scenario</a>" in text
    assert "roomproof verify &#39;test_deliver.py::test_b[two words]&#39; --target http://chat.test" in text


def test_a_history_adds_a_chart_of_the_witness() -> None:
    text = page(saved(RUN, FAILED, INVALID), history=lambda *_: doubled_history())

    assert "duplicated, at bob: message 1 of &#39;alice&#39; arrived again" in text
    assert text.count('role="img"') == 1


def test_a_failed_check_of_a_scenario_shows_the_last_events() -> None:
    fine = [event for number, event in enumerate(doubled_history()) if number != 9]

    text = page(saved(RUN, FAILED, INVALID), history=lambda *_: fine)

    assert "a check of the scenario failed" in text
    assert "deadline: everything that is due should have arrived" in text


def test_a_history_in_which_nobody_acts_has_no_chart() -> None:
    text = page(saved(RUN, FAILED, INVALID), history=lambda *_: [Started(), Deadline(5)])

    assert 'role="img"' not in text


def test_a_history_that_cannot_be_judged_is_reported() -> None:
    def damaged(*_: object) -> Sequence[Event]:
        raise HistoryError("line 3: soup")

    assert "its history is not shown: line 3: soup" in page(saved(RUN, FAILED, INVALID), history=damaged)


def test_a_killed_run_is_incomplete_and_shows_its_failures() -> None:
    text = page(saved(RUN, FAILED))

    assert "INCOMPLETE" in text
    assert "the run ended before its verdict" in text
    assert FAILED["id"] in text


def test_several_runs_have_a_column_each() -> None:
    text = page(saved(RUN, PASSED, VALID, name="one"), saved(RUN, FAILED, INVALID, name="two"))

    row = re.search(r"<strong>DELIVER-3</strong>.*?</tr>", text, re.DOTALL)
    assert row is not None
    assert re.findall(r'<td class="(\w+)">', row[0]) == ["held", "broken"]


def test_load_has_figures_charts_and_findings() -> None:
    text = page(saved(LOAD, interval(1), interval(2), FINDING, LOADED))

    assert {"6.1 ms", "10 sockets in 1 room"} <= set(re.findall(r"6\.1 ms|10 sockets in 1 room", text))
    assert "duplicated, at connection 4: message 1 of &#39;u7&#39; arrived again" in text


def test_a_search_for_the_capacity_has_its_steps() -> None:
    times = {"p50": 900, "p99": 8_500}
    good = {
        "kind": "step",
        "users": 80,
        "verdict": "valid",
        "reason": "all is well",
        "rate": 790.4,
        "latency_us": times,
    }
    bad = good | {"users": 160, "verdict": "invalid", "reason": "deliver.p99<250ms is missed", "rate": None}

    text = Elements(page(saved(LOAD, good, bad, LOADED | {"capacity": {"users": 80}}))).text

    assert "80valid7908.5 msall is well" in text
    assert "160invalid–8.5 msdeliver.p99<250ms is missed" in text  # noqa: RUF001 the dash of an empty cell


def test_hostile_texts_stay_texts_everywhere() -> None:
    run = RUN | {"target": HOSTILE, "version": HOSTILE, "protocol": HOSTILE, "started": HOSTILE}
    failed = FAILED | {"id": HOSTILE, "detail": HOSTILE, "broken": [HOSTILE], "follows_from": {HOSTILE: HOSTILE}}
    verdict = INVALID | {"reason": HOSTILE, "rules": {HOSTILE: {"level": "MUST", "outcome": "broken"}}}
    finding = FINDING | {"finding": HOSTILE, "rule": HOSTILE, "text": HOSTILE, "detail": HOSTILE}
    finding |= {"witness": [{"kind": "received", "connection": 4, "at": 1, "text": HOSTILE}]}
    loaded = LOADED | {"reason": HOSTILE, "instances": [HOSTILE], "generator": {HOSTILE: 1.0}, "counts": {HOSTILE: 1}}

    text = page(
        saved(run | {"capabilities": [HOSTILE]}, failed, verdict, name=HOSTILE),
        saved(LOAD | {"slo": [HOSTILE]}, interval(1), finding, loaded, name=HOSTILE),
        history=lambda *_: doubled_history("</script>\u202e\0"),
    )

    elements = Elements(text)
    plain = Elements(page(saved(RUN, FAILED, INVALID), saved(LOAD, interval(1), FINDING, LOADED)))
    assert elements.tags <= plain.tags | {"pre", "details", "circle"}
    assert not {name for name in elements.attributes if name.startswith("on")}
    assert not {"img", "script"} & elements.tags
    assert all(line.isprintable() for line in text.split("\n"))
    assert "onerror=alert(1)" in elements.text
    assert "{{ 7*7 }}" in elements.text


def test_a_page_about_thousands_of_failures_is_small() -> None:
    failures = [
        FAILED | {"id": f"test_x.py::test_{number}", "broken": [f"DELIVER-{number % 9}"], "detail": '"<&' * 3_000}
        for number in range(900)
    ]

    text = page(saved(RUN, *failures, INVALID), history=lambda *_: doubled_history("<" * 300))

    assert len(text.encode()) <= MAX_BYTES


def test_the_same_results_give_the_same_page() -> None:
    run = saved(LOAD, interval(1), interval(2), FINDING, LOADED)

    assert page(run) == page(run)


def test_the_page_needs_nothing_from_the_network() -> None:
    text = page(saved(RUN, FAILED, INVALID), saved(LOAD, interval(1), FINDING, LOADED))

    assert not re.search(r'(src|href)="(?!#|data:)', text)
    assert "url(" not in text
    assert "@import" not in text
