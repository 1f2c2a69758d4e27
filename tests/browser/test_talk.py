"""People talk on the demo page."""

import json

from playwright.sync_api import expect

from tests.browser.demo import Demo
from tests.server.process import Server


def test_three_clients_talk_and_one_leaves(demo: Demo) -> None:
    demo.makes_a_room()
    demo.people[0].connects()
    alice, bob, charlie = demo.connects_all()
    alice.is_told("bob joined the chat")
    alice.is_told("charlie joined the chat")

    said = ["Hello everyone!", "soup is ready", "  coming 🍲 "]
    for person, message in zip((alice, bob, charlie), said, strict=True):
        person.types(message)
        for listener in (alice, bob, charlie):
            expect(listener.talk.locator(".message").last).to_contain_text(message.strip())

    for person in (alice, bob, charlie):
        person.hears(*said)
    charlie.presses("Disconnect")
    charlie.is_shown_as("closed · 1000")
    alice.is_told("charlie left the chat")
    bob.is_told("charlie left the chat")


def test_a_member_that_returns_hears_only_what_follows(demo: Demo) -> None:
    demo.makes_a_room()
    alice, bob, _ = demo.connects_all()
    bob.presses("Disconnect")
    alice.is_told("bob left the chat")
    alice.types("is he gone?")
    alice.hears("is he gone?")

    bob.connects()
    alice.types("welcome back")

    bob.hears("welcome back")
    alice.hears("is he gone?", "welcome back")


def test_messages_show_their_sender_and_mark_own_ones(demo: Demo) -> None:
    demo.makes_a_room()
    alice, bob, _ = demo.people
    alice.calls_themselves("Zoë Ω.+&=#")
    alice.connects()
    bob.connects()

    alice.types("hi")

    expect(alice.talk.locator(".message.own .who")).to_contain_text("Zoë Ω.+&=# (you)")
    expect(bob.talk.locator(".message:not(.own) .who")).to_contain_text("Zoë Ω.+&=#")


def test_people_in_two_rooms_do_not_hear_each_other(demo: Demo) -> None:
    kitchen = demo.makes_a_room("Kitchen")
    alice, bob, charlie = demo.people
    alice.connects()
    demo.makes_a_room("Garage")
    bob.connects()
    charlie.connects()

    alice.types("soup is ready")
    alice.hears("soup is ready")
    bob.types("so is the car")

    charlie.hears("so is the car")
    bob.hears("so is the car")
    alice.hears("soup is ready")
    expect(alice.card.locator(".room")).to_have_text(f"Kitchen ({kitchen})")


def test_rooms_made_here_are_offered_again_after_a_reload(demo: Demo) -> None:
    kitchen = demo.makes_a_room("Kitchen")
    demo.makes_a_room("Garage")
    demo.page.reload()
    rooms = demo.page.get_by_label("Rooms made here")
    expect(rooms.locator("option")).to_have_count(3)

    rooms.select_option(kitchen)

    expect(demo.room_id).to_have_value(kitchen)
    demo.people[0].connects()


def test_a_room_made_elsewhere_is_joined_by_its_id(demo: Demo, server: Server) -> None:
    chat_id = server.make_room()
    guest = server.connect(chat_id, "guest")
    demo.room_id.fill(f" {chat_id} ")
    alice = demo.people[0]
    alice.connects()
    guest.say("hello, page")

    alice.hears("hello, page")


def test_raw_frames_are_shown_and_sent_as_they_are(demo: Demo) -> None:
    demo.makes_a_room()
    alice, bob, _ = demo.connects_all()
    alice.presses("Raw frames")
    alice.types('{"type":"message","content":"by hand"}')
    bob.hears("by hand")

    sent = alice.frames.locator(".sent .text")
    expect(sent).to_have_text('{"type":"message","content":"by hand"}')
    expect(alice.frames.locator(".received .text").last).to_contain_text('"sender_id":"alice"')
    frame = json.loads(alice.frames.locator(".received .text").last.inner_text())
    assert list(frame) == ["type", "content", "sender_id", "chat_id", "timestamp"]

    alice.types("Hello everyone!")
    alice.presses("Raw frames")

    alice.is_told("The server says: expected a JSON object")
    alice.is_shown_as("connected")
    expect(alice.card.locator(".counts")).to_contain_text("2 sent")
    alice.types("text here")
    alice.hears("by hand", "text here")


def test_a_client_that_is_not_connected_is_told_so(demo: Demo) -> None:
    alice = demo.people[0]
    alice.types("hello?")
    expect(demo.notice).to_have_text("alice is not connected.")

    alice.presses("Connect")
    expect(demo.notice).to_contain_text("Which room?")
