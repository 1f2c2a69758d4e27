"""The statistics and instances on the page."""

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.demo import Demo

STATS = "**/api/chats/ws/stats"


def test_stats_follow_joins_and_leaves(page: Page, own_demo: Demo) -> None:
    chat_id = own_demo.makes_a_room()
    _, _, charlie = own_demo.connects_all()

    expect(page.locator("#total-connections")).to_have_text("3")
    expect(page.locator("#rooms-count")).to_have_text("1")
    expect(page.locator("#active-rooms")).to_have_text(chat_id)
    charlie.presses("Disconnect")
    expect(page.locator("#total-connections")).to_have_text("2")
    own_demo.presses("Disconnect all")
    expect(page.locator("#total-connections")).to_have_text("0")
    own_demo.presses("Refresh")
    expect(page.locator("#active-rooms")).to_have_text("none")


@pytest.mark.parametrize(
    ("fields", "headers", "shown"),
    [
        pytest.param({}, {}, "unknown", id="neither names it"),
        pytest.param({"instance": "chat-service-2"}, {}, "chat-service-2", id="stats name it"),
        pytest.param({}, {"X-Upstream": "172.18.0.3:8000"}, "172.18.0.3:8000", id="the front names it"),
    ],
)
def test_each_client_shows_its_instance(
    page: Page, demo: Demo, fields: dict[str, str], headers: dict[str, str], shown: str
) -> None:
    asked: list[str] = []

    def amend(route: Route) -> None:
        answer = route.fetch()
        stats = {name: value for name, value in answer.json().items() if name != "instance"}
        asked.append(route.request.url)
        route.fulfill(response=answer, json=stats | fields, headers=answer.headers | headers)

    page.route(STATS, amend)
    demo.makes_a_room()
    for person in demo.connects_all():
        expect(person.card.locator(".instance")).to_have_text(shown)
    expect(page.locator("#instance")).to_have_text(shown)
    assert asked


def test_an_answer_without_stats_is_explained(page: Page, demo: Demo) -> None:
    page.route(STATS, lambda route: route.fulfill(status=200, body="<h1>Welcome to nginx!</h1>"))
    demo.presses("Refresh")

    expect(page.locator("#stats-state")).to_have_text("Expected stats, got HTTP 200")
