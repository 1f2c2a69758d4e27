"""Markup from users and servers stays text."""

import pytest
from playwright.sync_api import Dialog, WebSocketRoute, expect

from tests.browser.demo import Demo

MARKUP = '<img src=x onerror="alert(1)"><script>alert(2)</script><b>&lt;</b>'


@pytest.fixture
def dialogs(demo: Demo) -> list[str]:
    """The messages of all dialogs, which only injected script would open."""
    opened: list[str] = []

    def note(dialog: Dialog) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    demo.page.on("dialog", note)
    return opened


def test_markup_in_names_messages_and_frames_is_inert(demo: Demo, dialogs: list[str]) -> None:
    demo.makes_a_room(MARKUP)
    alice, bob, _ = demo.people
    alice.calls_themselves("<i onclick=alert(3)>eve</i>")
    bob.connects()
    alice.connects()
    alice.types(MARKUP)

    bob.hears(MARKUP)
    bob.is_told("<i onclick=alert(3)>eve</i> joined the chat")
    expect(bob.talk.locator(".who")).to_contain_text("<i onclick=alert(3)>eve</i>")
    expect(bob.card.locator(".room")).to_contain_text(MARKUP)
    bob.presses("Raw frames")
    expect(bob.frames.locator(".text").last).to_contain_text("<script>alert(2)</script>")
    expect(demo.page.locator("main :is(img, i, b, script)")).to_have_count(0)
    demo.page.reload()  # the room's name is restored from storage
    expect(demo.page.get_by_label("Rooms made here").locator("option").last).to_contain_text(MARKUP)
    assert dialogs == []


def test_markup_in_close_reasons_and_errors_is_inert(demo: Demo, dialogs: list[str]) -> None:
    demo.page.route_web_socket("**/api/chats/ws/**", lambda link: link.close(code=4999, reason=MARKUP))
    demo.page.route("**/api/chats/*/participants", lambda route: route.fulfill(status=400, json={"error": MARKUP}))
    demo.room_id.fill("<u>x</u>")
    alice = demo.people[0]
    alice.presses("Connect")

    alice.is_told(f"4999 ({MARKUP}): This code is specific to the server.")
    demo.presses("Make room")
    expect(demo.notice).to_contain_text(MARKUP)
    expect(demo.page.locator("main :is(img, i, b, u, script)")).to_have_count(0)
    assert dialogs == []


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param("soup?", id="no JSON"),
        pytest.param("null", id="null"),
        pytest.param("[1]", id="an array"),
        pytest.param('{"type":"message"}', id="fields missing"),
        pytest.param('{"type":"message","content":{"a":1},"sender_id":[],"timestamp":{}}', id="fields of other types"),
        pytest.param('{"type":"news","content":"x"}', id="an unknown type"),
        pytest.param(b"\x00\x01", id="binary"),
    ],
)
def test_unexpected_frames_do_not_break_the_page(demo: Demo, sent: str | bytes) -> None:
    after = '{"type":"message","content":"and on","sender_id":"bob","chat_id":"c","timestamp":"2025-12-23T22:12:57"}'

    def speak(link: WebSocketRoute) -> None:
        link.send(sent)
        link.send(after)

    demo.page.route_web_socket("**/api/chats/ws/**", speak)
    demo.room_id.fill("chat-1")
    alice = demo.people[0]
    alice.connects()

    expect(alice.talk.locator(".message .content").last).to_have_text("and on")
    expect(alice.card.locator(".counts")).to_have_text("0 sent · 2 received")
