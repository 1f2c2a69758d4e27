"""Pointers into decoded frames and answers: JMESPath."""

import re

import jmespath
from jmespath.exceptions import JMESPathError

from roomproof.dialects.place import Place

_FIELDS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)


class Pointer:
    """A JMESPath expression. One of plain names is followed without the library."""

    def __init__(self, text: str, place: Place) -> None:
        """Raise UsageError if the expression does not compile."""
        self.text, self.place = text, place
        self._names = tuple(text.split(".")) if _FIELDS.fullmatch(text) else None
        try:
            self._search = jmespath.compile(text).search
        except JMESPathError as error:
            raise place.wrong("a JMESPath expression", repr(text), "write a path like user.id or [1].text") from error

    def find(self, value: object) -> object:
        """Return what the pointer finds; None if it finds nothing."""
        if self._names is None:
            try:
                found: object = self._search(value)
            except JMESPathError:  # a function of the expression does not take such a value
                return None
            return found
        for name in self._names:
            if not isinstance(value, dict):
                return None
            value = value.get(name)
        return value
