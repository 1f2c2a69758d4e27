"""The ends of connections, and how the page explains them."""

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.demo import Demo
from tests.browser.odd_server import odd_server
from tests.server.process import running


def test_a_room_that_does_not_exist_is_explained_as_403(demo: Demo) -> None:
    demo.room_id.fill("room123")
    alice = demo.people[0]
    alice.presses("Connect")

    alice.is_shown_as("refused · 403")
    alice.is_told("1006: there is no room room123")


@pytest.mark.parametrize("bad_id", ["CHAT_ID", 'chat-7c53bb2ef816"', "x" * 200, "../ws?x#y"])
def test_a_bad_id_is_closed_with_4004(demo: Demo, bad_id: str) -> None:
    demo.room_id.fill(bad_id)
    alice = demo.people[0]
    alice.presses("Connect")

    alice.is_shown_as("closed · 4004")
    alice.is_told("The room does not exist")


def test_members_of_a_deleted_room_are_closed_with_4004(demo: Demo) -> None:
    demo.makes_a_room()
    people = demo.connects_all()
    demo.presses("Delete room")

    expect(demo.notice).to_contain_text("Deleted")
    for person in people:
        person.is_shown_as("closed · 4004")
    people[0].presses("Connect")
    people[0].is_shown_as("refused · 403")


@pytest.mark.parametrize(
    ("user_id", "reason"),
    [pytest.param("", "does not accept this user id", id="empty"), pytest.param("x" * 65, "64", id="over-long")],
)
def test_a_user_id_that_the_server_refuses_is_explained(demo: Demo, user_id: str, reason: str) -> None:
    demo.makes_a_room()
    alice = demo.people[0]
    alice.calls_themselves(user_id)
    alice.presses("Connect")

    alice.is_shown_as("closed · 1006")
    alice.is_told(reason)


def test_a_server_that_shuts_down_is_explained(page: Page, tmp_path: Path) -> None:
    with running(tmp_path) as server:
        page.goto(server.url)
        demo = Demo(page)
        demo.makes_a_room()
        alice, _, _ = demo.connects_all()
        server.end()

        alice.is_shown_as("closed · 1001")
        alice.is_told("The server shuts down")
        alice.presses("Connect")
        alice.is_told(f"1006: No server answers at {server.url}")
        demo.presses("Make room")
        expect(demo.notice).to_contain_text("No server answers at")
        expect(page.locator("#stats-state")).to_contain_text("No server answers at")


def test_a_server_that_was_killed_is_explained(page: Page, tmp_path: Path) -> None:
    with running(tmp_path) as server:
        page.goto(server.url)
        demo = Demo(page)
        demo.makes_a_room()
        alice, _, _ = demo.connects_all()
        server.process.kill()

        alice.is_shown_as("closed · 1006")
        alice.is_told("The connection broke without a Close frame. No server answers")


def test_a_broken_link_is_explained_while_the_server_answers(demo: Demo) -> None:
    with odd_server(readable_by="*") as url:
        demo.page.get_by_label("Server").fill(url)
        demo.room_id.fill("chat-1")
        alice = demo.people[0]
        alice.presses("Connect")

        alice.is_shown_as("closed · 1006")
        alice.is_told("The connection broke without a Close frame, but the server answers")


def test_a_server_without_cors_is_explained(demo: Demo) -> None:
    with odd_server(readable_by="http://elsewhere.example") as url:
        demo.page.get_by_label("Server").fill(url)
        demo.presses("Make room")

        expect(demo.notice).to_contain_text("does not let this page read its answers (CORS)")


def test_an_internal_error_is_explained_with_its_reason(demo: Demo) -> None:
    demo.page.route_web_socket("**/api/chats/ws/**", lambda link: link.close(code=1011, reason="out of order"))
    demo.room_id.fill("chat-1")
    alice = demo.people[0]
    alice.presses("Connect")

    alice.is_shown_as("closed · 1011")
    alice.is_told("1011 (out of order): The server had an internal error")


def test_connecting_can_be_cancelled(demo: Demo) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # it answers no connection
        demo.page.get_by_label("Server").fill(f"127.0.0.1:{silent.getsockname()[1]}")
        demo.room_id.fill("chat-1")
        alice = demo.people[0]
        alice.presses("Connect")
        alice.is_shown_as("connecting")
        alice.presses("Cancel")

        alice.is_shown_as("not connected")


@pytest.mark.parametrize("typed", ["", "http://", "ftp://127.0.0.1", "http://me:secret@127.0.0.1", "a b"])
def test_a_bad_server_address_is_explained(demo: Demo, typed: str) -> None:
    demo.page.get_by_label("Server").fill(typed)
    demo.presses("Make room")

    expect(demo.notice).to_have_text("Server: expected HOST, HOST:PORT or http://HOST:PORT")
