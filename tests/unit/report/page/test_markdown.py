"""Markdown of a report says the verdict, and shows foreign text as text."""

import re

from markdown_it import MarkdownIt

from roomproof.report.page.markdown import SHOWN_RULES, markdown, markdown_text
from roomproof.report.saved_run import SavedRun
from roomproof.spec.rules import read_protocol
from tests.unit.report.saved import FAILED, FINDING, HOSTILE, INVALID, LOAD, LOADED, PASSED, RUN, VALID, saved

PROTOCOL = read_protocol()


def text_of(*runs: SavedRun) -> str:
    return markdown(runs, PROTOCOL)


def rendered(text: str) -> str:
    """Return the HTML that readers of Markdown with tables and strikethrough make."""
    html: str = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    return html


def test_a_good_run_is_two_lines() -> None:
    assert text_of(saved(RUN, PASSED, VALID)).strip() == (
        "## Roomproof\n\n**VALID**: the server holds all of the 2 MUSTs that were tested\n\n"
        "Target http://chat.test. Rules: 2 held, 0 broken, 0 warned, 0 deviating, 0 untested, 0 not applicable."
    )


def test_a_broken_rule_has_a_row_with_its_first_observation() -> None:
    text = text_of(saved(RUN, FAILED, FAILED, INVALID))

    assert "| DELIVER-3 | ✗ broken | DELIVER-3: duplicated, at bob (2 scenarios) |" in text
    assert "ORDER-1" not in text


def test_several_runs_have_a_column_each() -> None:
    text = text_of(saved(RUN, VALID, name="old"), saved(RUN, FAILED, INVALID, name="new"))

    assert "| rule | old | new | seen |" in text
    assert "| DELIVER-3 | ✓ held | ✗ broken |" in text


def test_load_has_its_percentiles() -> None:
    assert "| results | 1.8 ms | 2.8 ms | 6.1 ms | 11 ms | 12 ms | 100 | 10 |" in text_of(saved(LOAD, FINDING, LOADED))


def test_hostile_texts_stay_texts_in_their_cells() -> None:
    failed = FAILED | {"detail": HOSTILE, "broken": [HOSTILE]}
    verdict = INVALID | {"reason": HOSTILE, "rules": {HOSTILE: {"level": "MUST", "outcome": "broken"}}}

    html = rendered(text_of(saved(RUN | {"target": HOSTILE}, failed, verdict, name=HOSTILE), saved(RUN, VALID)))

    names = set(re.findall(r"<(\w+)", html))
    assert names <= {"h2", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert html.count("<th>") == 4
    assert html.count("<td>") == 4
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert all(line.isprintable() for line in html.split("\n"))


def test_nobody_is_mentioned_and_nothing_is_formatted() -> None:
    text = markdown_text("@all `x` *y* _z_ ~~w~~ [a](b) #12 | $m$\n# h")

    html = rendered(f"Seen: {text}")
    assert set(re.findall(r"<(\w+)", html)) == {"p"}
    assert not re.search(r"[@#]\w", html)


def test_a_server_that_breaks_everything_has_a_short_table() -> None:
    rules = {f"SOUP-{number}": {"level": "MUST", "outcome": "broken"} for number in range(500)}

    text = text_of(saved(RUN, INVALID | {"rules": rules}))

    assert text.count("| SOUP-") == SHOWN_RULES
    assert "460 more rules are broken." in text
