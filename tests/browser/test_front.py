"""The page through nginx, with two instances behind it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from roomproof.topologies.local import LocalTopology
from tests.browser.demo import Demo
from tests.conftest import require
from tests.listening import ROOT


@pytest.fixture
def sticky() -> Iterator[LocalTopology]:
    require("nginx", "apt-get install nginx-light")
    topology = LocalTopology.start("sticky", deadline=5, breakable=False)
    try:
        yield topology
    finally:
        topology.close()


def shown_instance(sticky: LocalTopology, demo: Demo) -> int:
    """Return the index of the instance that all three clients show."""
    shown = [f"{instance.name} · {instance.upstream}" for instance in sticky.instances]
    expect(demo.people[0].card.locator(".instance")).to_contain_text("instance-")
    text = demo.people[0].card.locator(".instance").inner_text()
    for person in demo.people:
        expect(person.card.locator(".instance")).to_have_text(text)
    return shown.index(text)


@pytest.mark.parametrize("opened", ["served", "as a file"])
def test_all_clients_move_to_the_other_instance_together(sticky: LocalTopology, page: Page, opened: str) -> None:
    """All three are on one instance. When it dies, all three connect to the other one."""
    front = sticky.handle.target.url
    page.goto(front if opened == "served" else (ROOT / "test_websocket.html").as_uri())
    demo = Demo(page)
    page.get_by_label("Server").fill(front)
    demo.makes_a_room()
    people = demo.connects_all()
    first = shown_instance(sticky, demo)

    sticky.instances[first].kill()
    for person in people:
        person.is_shown_as("closed · 1006")
        person.is_told("The connection broke without a Close frame, but the server answers")
    demo.connects_all()

    assert shown_instance(sticky, demo) == 1 - first
    people[0].types("here we are again")
    people[2].hears("here we are again")
