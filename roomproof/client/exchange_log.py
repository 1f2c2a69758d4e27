"""Records HTTP exchanges in a history, without the secrets of the user."""

import itertools
from collections.abc import Mapping

from roomproof.client.redaction import without_header_values
from roomproof.history import Answered, Requested
from roomproof.printable import shortened
from roomproof.recorder import Recorder

BODY_CHARACTERS = 4_000
"""Maximum number of characters that are recorded of one body. A longer one loses its middle."""

UNNAMED_HEADERS = frozenset({"connection", "content-type"})
"""Headers that Roomproof adds itself, in lower case."""


class ExchangeLog:
    """The log of the HTTP exchanges of one history. Several threads may use it."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._numbers = itertools.count(1)

    def request(self, what: str, body: bytes | None, headers: Mapping[str, str], *, is_secret: bool) -> int:
        """Record a request before it is sent, and return its number.

        `what` is its method and path, and `body` its body, both without secrets. `is_secret`: there were some.
        """
        number = next(self._numbers)
        method, _, path = what.partition(" ")
        names = [name for name in headers if name.lower() not in UNNAMED_HEADERS]
        text, is_whole = _text_of(body)
        self._recorder.record(
            Requested(number, self._recorder.now(), method, path, text, is_whole and not is_secret, names)
        )
        return number

    def answer(self, number: int, status: int, body: bytes, headers: Mapping[str, str]) -> None:
        """Record an answer after it arrived."""
        text, _ = _text_of(without_header_values(body.decode(errors="replace"), headers.values()).encode())
        self._recorder.record(Answered(number, self._recorder.now(), status, text or ""))

    def no_answer(self, number: int, why: str) -> None:
        """Record that no answer arrived."""
        self._recorder.record(Answered(number, self._recorder.now(), None, why))


def _text_of(body: bytes | None) -> tuple[str | None, bool]:
    """The text of a body, and whether it is all of the body."""
    if body is None:
        return None, True
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return shortened(body.decode(errors="replace"), BODY_CHARACTERS), False
    return shortened(text, BODY_CHARACTERS), len(text) <= BODY_CHARACTERS
