"""Pointers into decoded frames and answers: JMESPath."""

import re
from collections.abc import Callable

import jmespath
from jmespath.exceptions import JMESPathError

from roomproof.dialects.place import Place

_FIELDS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


class Pointer:
    """A JMESPath expression. One of plain names is followed without the library.

    `find` returns what the pointer finds in a value; None if it finds nothing.
    """

    def __init__(self, text: str, place: Place) -> None:
        """Raise UsageError if the expression does not compile."""
        self.text, self.place = text, place
        self.find: Callable[[object], object] = _searching(text, place)
        if _FIELDS.fullmatch(text):
            names = text.split(".")
            self.find = _naming(names[0]) if len(names) == 1 else _following(names)


def _searching(text: str, place: Place) -> Callable[[object], object]:
    try:
        search: Callable[[object], object] = jmespath.compile(text).search
    except JMESPathError as error:
        raise place.wrong("a JMESPath expression", repr(text), "write a path like user.id or [1].text") from error

    def find(value: object) -> object:
        try:
            return search(value)
        except JMESPathError:  # a function of the expression does not take such a value
            return None

    return find


def _naming(name: str) -> Callable[[object], object]:
    return lambda value: value.get(name) if isinstance(value, dict) else None


def _following(names: list[str]) -> Callable[[object], object]:
    def find(value: object) -> object:
        for name in names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value

    return find
