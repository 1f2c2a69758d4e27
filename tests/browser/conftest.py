"""Chromium with an empty profile, and a reference server with the demo page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.browser.demo import Demo
from tests.conftest import require
from tests.server.process import PATIENCE, Server, running

FLAGS = [
    "--no-sandbox",  # its sandbox does not work as root
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

expect.set_options(timeout=PATIENCE * 1000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # For a module only: while Playwright runs, no test in this process can run an event loop of its own.
    path = require("chromium", "apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser context without stored data."""
    with chromium.new_context() as fresh:
        fresh.set_default_timeout(PATIENCE * 1000)
        yield fresh


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which a script error or a foreign request fails the test."""
    errors: list[str] = []
    strangers: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: None if _is_local(request.url) else strangers.append(request.url))
    yield page
    page.unroute_all(behavior="wait")  # an unfinished answer would fail the next test
    assert errors == []
    assert strangers == []


def _is_local(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "http://localhost/", "file:///", "data:"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as one:
        yield one
        assert "ERROR" not in one.log, one.log


@pytest.fixture
def demo(page: Page, server: Server) -> Demo:
    """The page as the shared server serves it."""
    page.goto(server.url)
    return Demo(page)


@pytest.fixture
def own_demo(page: Page, tmp_path: Path) -> Iterator[Demo]:
    """The page on a server that no other test uses."""
    with running(tmp_path) as server:
        page.goto(server.url)
        yield Demo(page)
