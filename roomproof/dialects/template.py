"""Templates: values with placeholders, to fill in or to compare with what came.

A template is a TOML value. `{name}` in a string is a placeholder; `{{` and `}}` are braces. A string that is only a
placeholder stands for any value. In a longer string, a placeholder stands for a text.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Final, Protocol

from roomproof.dialects.place import Place
from roomproof.spec.messages import same_json

ANY: Final = "any"
"""The placeholder that matches anything, and captures nothing."""

_TOKENS = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")

Values = Mapping[str, object]


class _Node(Protocol):
    """A part of a template."""

    def fill(self, values: Values) -> object:
        """Return the part with its placeholders filled."""

    def match(self, value: object, captured: dict[str, object], known: Values, *, exact: bool) -> bool:
        """Whether the part is contained in a value; adds to what is captured."""

    def names(self) -> Iterator[str]:
        """Yield the placeholders."""

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        """Return the keys and indexes that lead to a placeholder."""


class _Literal:
    """A value without placeholders that is no table and no array."""

    def __init__(self, value: str | float) -> None:
        self._value = value
        self._is_text = isinstance(value, str)

    def fill(self, _: Values) -> object:
        return self._value

    def match(self, value: object, _: dict[str, object], __: Values, *, exact: bool) -> bool:  # noqa: ARG002  # as _Node
        return value == self._value if self._is_text else same_json(self._value, value)

    def names(self) -> Iterator[str]:
        return iter(())

    def path_of(self, _: str) -> None:
        return None


class _Blank:
    """A string that is only a placeholder."""

    def __init__(self, name: str) -> None:
        self._name = name

    def fill(self, values: Values) -> object:
        return values[self._name]

    def match(self, value: object, captured: dict[str, object], known: Values, *, exact: bool) -> bool:  # noqa: ARG002  # as _Node
        return _capture(self._name, value, captured, known)

    def names(self) -> Iterator[str]:
        yield self._name

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        return () if name == self._name else None


class _Text:
    """A string with placeholders: texts and names in turn, beginning with a text."""

    def __init__(self, texts: list[str], names: list[str]) -> None:
        self._texts, self._names = texts, names
        pattern = "".join(f"{re.escape(text)}(.*?)" for text in texts[:-1]) + re.escape(texts[-1])
        self._fullmatch = re.compile(pattern, re.DOTALL).fullmatch

    def fill(self, values: Values) -> object:
        return self.fill_encoded(values, str)

    def fill_encoded(self, values: Values, encode: Callable[[str], str]) -> str:
        """Return the string with encoded values."""
        pairs = zip(self._texts, self._names, strict=False)
        return "".join(text + encode(as_text(values[name])) for text, name in pairs) + self._texts[-1]

    def match(self, value: object, captured: dict[str, object], known: Values, *, exact: bool) -> bool:  # noqa: ARG002  # as _Node
        found = self._fullmatch(value) if isinstance(value, str) else None
        return found is not None and all(
            _capture(name, text, captured, known) for name, text in zip(self._names, found.groups(), strict=True)
        )

    def names(self) -> Iterator[str]:
        return iter(self._names)

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        return () if name in self._names else None


class _Table:
    """A table, contained in a table that has all its keys."""

    def __init__(self, nodes: dict[str, _Node]) -> None:
        self._nodes = tuple(nodes.items())

    def fill(self, values: Values) -> object:
        return {key: node.fill(values) for key, node in self._nodes}

    def match(self, value: object, captured: dict[str, object], known: Values, *, exact: bool) -> bool:
        if not isinstance(value, dict) or (exact and len(value) != len(self._nodes)):
            return False
        for key, node in self._nodes:
            if key not in value or not node.match(value[key], captured, known, exact=exact):
                return False
        return True

    def names(self) -> Iterator[str]:
        return chain.from_iterable(node.names() for _, node in self._nodes)

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        return _path_below(self._nodes, name)


class _Array:
    """An array, contained in an array that begins with it."""

    def __init__(self, nodes: list[_Node]) -> None:
        self._nodes = nodes

    def fill(self, values: Values) -> object:
        return [node.fill(values) for node in self._nodes]

    def match(self, value: object, captured: dict[str, object], known: Values, *, exact: bool) -> bool:
        if not isinstance(value, list) or len(value) < len(self._nodes) or (exact and len(value) > len(self._nodes)):
            return False
        pairs = zip(self._nodes, value, strict=False)
        return all(node.match(one, captured, known, exact=exact) for node, one in pairs)

    def names(self) -> Iterator[str]:
        return chain.from_iterable(node.names() for node in self._nodes)

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        return _path_below(enumerate(self._nodes), name)


class Template:
    """A value with placeholders, and the place where it stands."""

    def __init__(self, value: object, place: Place) -> None:
        """Raise UsageError for a stray brace, a placeholder in a key, and a date."""
        self.place, self.value = place, value
        self._root = _compiled(value, place)
        self.names = frozenset(self._root.names())
        self.is_text = isinstance(value, str)

    def fill(self, values: Values) -> object:
        """Return the value with all placeholders filled. Raises KeyError if one is not."""
        return self._root.fill(values)

    def text(self, values: Values, encode: Callable[[str], str]) -> str:
        """Return a string template, with the encoded values in it."""
        if isinstance(self._root, _Text):
            return self._root.fill_encoded(values, encode)
        filled = as_text(self._root.fill(values))
        return encode(filled) if self.names else filled

    def match(self, value: object, known: Values | None = None, *, exact: bool = False) -> dict[str, object] | None:
        """Return the values of the placeholders if the template is contained in a value.

        A table is contained if all its keys are there, and an array if it is a beginning. Placeholders whose values are
        `known` must have these. With `exact`, a value must have nothing beyond the template. Returns None otherwise.
        """
        captured: dict[str, object] = {}
        return captured if self._root.match(value, captured, known or {}, exact=exact) else None

    def filled_with_samples(self) -> object:
        """Return the value with some text in the place of each placeholder."""
        return self.fill(dict.fromkeys(self.names, "x"))

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        """Return the keys and indexes that lead to the string with a placeholder."""
        return self._root.path_of(name)


def as_text(value: object) -> str:
    """Return a value as it stands in a text: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _compiled(value: object, place: Place) -> _Node:
    match value:
        case str():
            return _compiled_text(value, place)
        case dict():
            for key in value:
                if _TOKENS.search(key):
                    raise place.wrong("keys without braces", repr(key), "let placeholders stand in values only")
            return _Table({key: _compiled(one, place) for key, one in value.items()})
        case list():
            return _Array([_compiled(one, place) for one in value])
        case bool() | int() | float():
            return _Literal(value)
    raise place.wrong(
        "strings, numbers, booleans, arrays and tables", f"a {type(value).__name__}", "write it as a string in quotes"
    )


def _compiled_text(text: str, place: Place) -> _Node:
    texts: list[str] = [""]
    names: list[str] = []
    end = 0
    for token in _TOKENS.finditer(text):
        texts[-1] += text[end : token.start()]
        end = token.end()
        if token[1]:
            names.append(token[1])
            texts.append("")
        elif len(token[0]) == 2:
            texts[-1] += token[0][0]
        else:
            advice = "write {{ or }} for a brace, and a frame as a TOML table, not as a string of JSON"
            raise place.wrong("placeholders like {content}", f"a single {token[0]!r} in {text!r}", advice)
    texts[-1] += text[end:]
    if not names:
        return _Literal(texts[0])
    return _Blank(names[0]) if texts == ["", ""] else _Text(texts, names)


def _capture(name: str, value: object, captured: dict[str, object], known: Values) -> bool:
    """Capture a value. Return whether it agrees with what is known under this name."""
    if name == ANY:
        return True
    if name in known:
        return as_text(known[name]) == as_text(value)
    return same_json(captured.setdefault(name, value), value)


def _path_below(nodes: Iterable[tuple[str | int, _Node]], name: str) -> tuple[str | int, ...] | None:
    for key, node in nodes:
        path = node.path_of(name)
        if path is not None:
            return key, *path
    return None
