"""Places in a target file, and errors that name them."""

from dataclasses import dataclass

from roomproof.errors import UsageError


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a target file: `at` is a table and a key, as in `[say] frame`."""

    file: str
    at: str

    def key(self, name: str) -> "Place":
        """The place of a key in the table that stands here."""
        return Place(self.file, f"{self.at} {name}".strip())

    def wrong(self, expected: str, got: str, advice: str) -> UsageError:
        """Return the error for something wrong here: one sentence, and what to do."""
        return UsageError(f"{self.file}, {self.at or 'top level'}: expected {expected}, got {got}; {advice}")
