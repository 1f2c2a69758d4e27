"""The page of a report in a browser, on different screens and on paper."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from roomproof.report.page.html_page import html_page
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

PHONE = ViewportSize(width=360, height=740)

OTHER = FAILED | {"id": "test_deliver.py::test_c", "detail": HOSTILE}

LONG_NAME = "test_create.py::test_it[" + "u" * 100 + "]"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about four runs: a good one, a broken one, a killed one and one of load."""
    seconds = [interval(second, findings=int(second % 7 == 0), cpu=0.4) for second in range(1, 60)]
    runs = [
        saved(RUN, PASSED, VALID, name="good"),
        saved(RUN, PASSED, FAILED, OTHER, FAILED | {"id": LONG_NAME}, INVALID, name="broken"),
        saved(RUN, FAILED, name="killed"),
        saved(LOAD, *seconds, FINDING, LOADED, name="load"),
    ]
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(html_page(runs, lambda *_: doubled_history(HOSTILE), read_protocol()), encoding="utf-8")
    return path


@pytest.fixture
def report(page: Page, file: Path) -> Page:
    """The page, on which a dialog or a request fails the test."""
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.goto(file.as_uri())
    assert [url for url in requests if not url.startswith("data:")] == [file.as_uri()]
    return page


@pytest.fixture
def opened(report: Page) -> Page:
    """The page with all its details open."""
    report.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    return report


def violations(page: Page) -> Iterator[str]:
    """Yield what the accessibility engine complains of."""
    for rule in Axe().run(page).response["violations"]:
        for node in rule["nodes"]:
            yield f"{rule['id']}: {node['html'][:200]}: {node['failureSummary']}"


@pytest.mark.parametrize(
    ("scheme", "width"), [pytest.param("light", 360, id="phone"), pytest.param("dark", 1200, id="dark desktop")]
)
def test_nothing_is_inaccessible(opened: Page, scheme: Literal["light", "dark"], width: int) -> None:
    opened.emulate_media(color_scheme=scheme)
    opened.set_viewport_size({"width": width, "height": 800})

    assert list(violations(opened)) == []


def test_it_says_everything_that_matters(report: Page) -> None:
    expect(report.get_by_role("heading", name="Verdict")).to_be_visible()
    expect(report.locator(".card")).to_have_count(4)
    expect(report.locator(".card.incomplete")).to_contain_text("INCOMPLETE: the run ended before its verdict")
    expect(report.get_by_role("link", name="broken in 3 scenarios")).to_be_visible()
    expect(report.get_by_role("img", name="Latency of deliveries. p50")).to_be_visible()
    expect(report.get_by_role("img", name="Findings. findings: 8 in all")).to_be_visible()


def test_a_phone_scrolls_only_charts_and_tables(opened: Page) -> None:
    opened.set_viewport_size(PHONE)

    width = opened.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE["width"]


def test_the_dark_page_is_dark(report: Page) -> None:
    report.emulate_media(color_scheme="dark")

    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 27)"
    assert report.evaluate("getComputedStyle(document.body).color") == "rgb(230, 233, 237)"


def test_paper_shows_what_is_folded(report: Page) -> None:
    report.emulate_media(media="print")

    expect(report.get_by_text("The same in words").first).to_be_visible()
    heights = report.evaluate("[...document.querySelectorAll('details > *:last-child')].map(one => one.offsetHeight)")
    assert heights
    assert all(heights)
    assert report.pdf()[:4] == b"%PDF"


def test_the_keyboard_reaches_and_opens_everything(report: Page) -> None:
    summaries = report.locator("summary").count()
    scrolling = report.evaluate("document.querySelectorAll('details[open] .scroll, section > figure .scroll').length")
    seen, regions = set(), 0

    for _ in range(400):
        report.keyboard.press("Tab")
        tag = report.evaluate("document.activeElement.tagName")
        if tag == "BODY":
            break
        if tag == "SUMMARY":
            seen.add(report.evaluate("[...document.querySelectorAll('summary')].indexOf(document.activeElement)"))
            if not report.evaluate("document.activeElement.parentElement.open"):
                report.keyboard.press("Enter")
                assert report.evaluate("document.activeElement.parentElement.open")
        regions += report.evaluate("document.activeElement.classList.contains('scroll')")

    assert len(seen) == summaries
    assert regions >= scrolling > 0


def test_hostile_texts_run_nothing(opened: Page) -> None:
    expect(opened.locator("script, img, iframe, object, form")).to_have_count(0)
    expect(opened.locator("p", has_text="onerror=alert(1)").first).to_be_visible()
    expect(opened.locator("pre", has_text="onerror=alert(1)").first).to_be_visible()


def test_a_link_leads_to_the_failures_of_a_rule(report: Page) -> None:
    report.get_by_role("link", name="broken in 3 scenarios").click()

    expect(report.get_by_role("heading", name="DELIVER-3: 3 scenarios")).to_be_in_viewport()


def test_the_page_is_valid_without_scripts(chromium: Browser, file: Path) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(file.as_uri())
        expect(page.get_by_role("heading", name="Roomproof report")).to_be_visible()
