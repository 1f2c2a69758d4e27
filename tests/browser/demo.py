"""The demo page as its users see it."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect


@dataclass(frozen=True)
class Person:
    """One of the three clients on the page."""

    card: Locator

    @property
    def talk(self) -> Locator:
        return self.card.locator(".talk")

    @property
    def frames(self) -> Locator:
        return self.card.locator(".frames")

    def presses(self, button: str) -> None:
        """Press a button of this client."""
        self.card.get_by_role("button", name=button, exact=True).click()

    def calls_themselves(self, user_id: str) -> None:
        self.card.get_by_label("User id").fill(user_id)

    def connects(self) -> None:
        self.presses("Connect")
        self.is_shown_as("connected")

    def types(self, text: str) -> None:
        """Type into the input line at the bottom, and press Enter."""
        line = self.card.locator(".say")
        line.fill(text)
        line.press("Enter")

    def is_shown_as(self, state: str) -> None:
        """Expect this state of the connection."""
        expect(self.card.locator(".state")).to_have_text(state)

    def hears(self, *messages: str) -> None:
        """Expect exactly these messages, in this order, since the page was opened."""
        expect(self.talk.locator(".message .content")).to_have_text(list(messages))

    def is_told(self, text: str) -> None:
        """Expect a line that is not a message: a notice or an error."""
        expect(self.talk.locator(".note", has_text=text)).to_have_count(1)


@dataclass(frozen=True)
class Demo:
    """The page with its three clients."""

    page: Page

    @property
    def people(self) -> list[Person]:
        return [Person(card) for card in self.page.locator(".client").all()]

    @property
    def notice(self) -> Locator:
        return self.page.locator("#notice")

    @property
    def room_id(self) -> Locator:
        return self.page.get_by_label("Room id")

    def presses(self, button: str) -> None:
        """Press a button that is for all clients."""
        self.page.get_by_role("button", name=button, exact=True).click()

    def makes_a_room(self, name: str = "Kitchen") -> str:
        """Make a room with the page, and return its id."""
        before = self.room_id.input_value()
        self.page.get_by_label("New room").fill(name)
        self.presses("Make room")
        expect(self.room_id).not_to_have_value(before)
        expect(self.notice).to_contain_text("and added")
        return self.room_id.input_value()

    def connects_all(self) -> list[Person]:
        self.presses("Connect all")
        people = self.people
        for person in people:
            person.is_shown_as("connected")
        return people
