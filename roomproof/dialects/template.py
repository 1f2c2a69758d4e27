"""Templates: values with placeholders, to fill in or to compare with what came.

A template is a TOML value. `{name}` in a string is a placeholder; `{{` and `}}` are braces. A string that is only a
placeholder stands for any value. In a longer string, a placeholder stands for a text.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from roomproof.dialects.place import Place
from roomproof.spec.messages import same_json

ANY: Final = "any"
"""The placeholder that matches anything, and captures nothing."""

_TOKENS = re.compile(r"\{\{|\}\}|\{([A-Za-z_][A-Za-z0-9_]*)\}|[{}]")

Values = Mapping[str, object]


class _Text:
    """A string with placeholders: texts and names in turn, beginning with a text."""

    def __init__(self, texts: list[str], names: list[str]) -> None:
        self.texts, self.names = texts, names
        self.is_whole = texts == ["", ""]
        pattern = "".join(f"{re.escape(text)}(.*?)" for text in texts[:-1]) + re.escape(texts[-1])
        self.fullmatch = re.compile(pattern, re.DOTALL).fullmatch

    def fill(self, values: Values, encode: Callable[[str], str]) -> str:
        filled = "".join(
            text + encode(as_text(values[name])) for text, name in zip(self.texts, self.names, strict=False)
        )
        return filled + self.texts[-1]


class Template:
    """A value with placeholders, and the place where it stands."""

    def __init__(self, value: object, place: Place) -> None:
        """Raise UsageError for a stray brace, a placeholder in a key, and a date."""
        self.place = place
        self._root = _compiled(value, place)
        self.names = frozenset(_names(self._root))
        self.is_text = isinstance(value, str)

    def fill(self, values: Values) -> object:
        """Return the value with all placeholders filled. Raises KeyError if one is not."""
        return _fill(self._root, values)

    def text(self, values: Values, encode: Callable[[str], str]) -> str:
        """Return a string template, with the encoded values in it."""
        root = self._root
        return root.fill(values, encode) if isinstance(root, _Text) else str(root)

    def match(self, value: object, known: Values | None = None, *, exact: bool = False) -> dict[str, object] | None:
        """Return the values of the placeholders if the template is contained in a value.

        A table is contained if all its keys are there, and an array if it is a beginning. Placeholders whose values are
        `known` must have these. With `exact`, a value must have nothing beyond the template. Returns None otherwise.
        """
        captured: dict[str, object] = {}
        return captured if _match(self._root, value, captured, known or {}, exact) else None

    def filled_with_samples(self) -> object:
        """Return the value with some text in the place of each placeholder."""
        return self.fill(dict.fromkeys(self.names, "x"))

    def path_of(self, name: str) -> tuple[str | int, ...] | None:
        """Return the keys and indexes that lead to the string with a placeholder."""
        return _path_of(self._root, name)


def as_text(value: object) -> str:
    """Return a value as it stands in a text: strings as they are, the rest as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _compiled(value: object, place: Place) -> object:
    match value:
        case str():
            return _compiled_text(value, place)
        case dict():
            for key in value:
                if _TOKENS.search(key):
                    raise place.wrong("keys without braces", repr(key), "let placeholders stand in values only")
            return {key: _compiled(one, place) for key, one in value.items()}
        case list():
            return [_compiled(one, place) for one in value]
        case bool() | int() | float():
            return value
    raise place.wrong(
        "strings, numbers, booleans, arrays and tables", f"a {type(value).__name__}", "write it as a string in quotes"
    )


def _compiled_text(text: str, place: Place) -> str | _Text:
    texts, names, end = [""], [], 0
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
    return _Text(texts, names) if names else texts[0]


def _names(node: object) -> Iterator[str]:
    match node:
        case _Text():
            yield from node.names
        case dict():
            for one in node.values():
                yield from _names(one)
        case list():
            for one in node:
                yield from _names(one)


def _fill(node: object, values: Values) -> object:
    match node:
        case _Text():
            return values[node.names[0]] if node.is_whole else node.fill(values, str)
        case dict():
            return {key: _fill(one, values) for key, one in node.items()}
        case list():
            return [_fill(one, values) for one in node]
    return node


def _match(node: object, value: object, captured: dict[str, object], known: Values, exact: bool) -> bool:
    match node:
        case _Text() if node.is_whole:
            return _capture(node.names[0], value, captured, known)
        case _Text():
            found = node.fullmatch(value) if isinstance(value, str) else None
            return found is not None and all(
                _capture(name, text, captured, known) for name, text in zip(node.names, found.groups(), strict=True)
            )
        case dict():
            if not isinstance(value, dict) or (exact and value.keys() != node.keys()):
                return False
            return all(key in value and _match(one, value[key], captured, known, exact) for key, one in node.items())
        case list():
            if not isinstance(value, list) or len(value) < len(node) or (exact and len(value) > len(node)):
                return False
            return all(_match(one, other, captured, known, exact) for one, other in zip(node, value, strict=False))
    return same_json(node, value)


def _capture(name: str, value: object, captured: dict[str, object], known: Values) -> bool:
    """Capture a value. Return whether it agrees with what is known under this name."""
    if name == ANY:
        return True
    if name in known:
        return as_text(known[name]) == as_text(value)
    return same_json(captured.setdefault(name, value), value)


def _path_of(node: object, name: str) -> tuple[str | int, ...] | None:
    if isinstance(node, _Text):
        return () if name in node.names else None
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, child in children:
        below = _path_of(child, name)
        if below is not None:
            return key, *below
    return None
