"""The page on small screens, by keyboard, and opened as a file."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo import Demo
from tests.listening import ROOT
from tests.server.process import Server

PAGE = ROOT / "test_websocket.html"


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_nothing_is_wider_than_the_screen(chromium: Browser, server: Server, width: int) -> None:
    with chromium.new_context(viewport={"width": width, "height": 812}) as context:
        page = context.new_page()
        page.goto(server.url)
        demo = Demo(page)
        demo.makes_a_room("A room with a rather long name " * 3)
        alice, bob, _ = demo.people
        alice.calls_themselves("x" * 64)
        bob.connects()
        alice.connects()
        alice.types("y" * 4096)
        bob.hears("y" * 4096)
        alice.presses("Raw frames")
        page.get_by_text("What the close codes mean").click()

        widest = page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)")
        assert widest <= width
        beyond = page.evaluate(
            """() => [...document.querySelectorAll("body *")].filter((e) => !e.closest(".unseen")
              && e.getBoundingClientRect().right > innerWidth + 0.5).map((e) => e.outerHTML.slice(0, 80))"""
        )
        assert beyond == []


def test_everything_can_be_done_by_keyboard(page: Page, demo: Demo) -> None:
    page.get_by_label("New room").focus()
    page.keyboard.press("Enter")
    expect(demo.notice).to_contain_text("and added")
    alice = demo.people[0]
    alice.card.get_by_label("User id").focus()
    page.keyboard.press("Enter")
    alice.is_shown_as("connected")
    alice.card.get_by_label("Message").focus()
    page.keyboard.type("no mouse")
    page.keyboard.press("Enter")
    alice.hears("no mouse")
    page.keyboard.press("Tab")
    expect(alice.card.get_by_role("button", name="Send")).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_every_field_button_and_log_has_a_name(demo: Demo) -> None:
    tree = demo.page.locator("body").aria_snapshot()
    for unnamed in ("textbox\n", "textbox:", "button\n", "button:", "combobox:", "log:", "log\n"):
        assert f"- {unnamed}" not in tree + "\n", tree
    for name in ("alice", "bob", "charlie"):
        expect(demo.page.get_by_role("log", name=f"Received by {name}")).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(chromium: Browser, server: Server, scheme: str) -> None:
    """The ratio is at least 4.5 to 1, as WCAG 2.2 demands of text (level AA)."""
    with chromium.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        page = context.new_page()
        page.goto(server.url)
        demo = Demo(page)
        demo.makes_a_room()
        alice, bob, charlie = demo.connects_all()
        for person in (alice, bob, charlie):
            person.types("hello")
            expect(person.talk.locator(".own")).to_have_count(1)
        demo.room_id.fill("room123")
        charlie.presses("Disconnect")
        charlie.is_shown_as("closed · 1000")
        charlie.presses("Connect")
        charlie.is_shown_as("refused · 403")
        page.get_by_text("What the close codes mean").click()

        assert page.evaluate(FAINT) == []


FAINT = """() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = (rgb) => rgb.slice(0, 3)
    .map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    const text = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || e.matches("input, select");
    if (!text || !e.checkVisibility() || e.disabled) continue;
    const pair = [parse(getComputedStyle(e).color), behind(e)].map(luminance).sort((a, b) => b - a);
    const ratio = (pair[0] + 0.05) / (pair[1] + 0.05);
    if (ratio < 4.5) faint.push(`${ratio.toFixed(2)} ${e.outerHTML.slice(0, 100)}`);
  }
  return faint;
}"""


def test_the_page_works_as_a_file_against_any_host(page: Page, server: Server) -> None:
    page.goto(PAGE.as_uri())
    demo = Demo(page)
    expect(page.get_by_label("Server")).to_have_value("http://localhost")
    page.get_by_label("Server").fill(server.url.removeprefix("http://"))
    demo.makes_a_room()
    alice, bob, charlie = demo.connects_all()
    alice.types("from a file")
    for person in (alice, bob, charlie):
        person.hears("from a file")
    expect(page.locator("#total-connections")).to_have_text("3")

    demo.presses("Delete room")
    bob.is_shown_as("closed · 4004")
    demo.room_id.fill("room123")
    bob.presses("Connect")
    bob.is_shown_as("refused · 403")
    assert page.evaluate("self.origin") == "null"
