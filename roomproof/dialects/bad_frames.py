"""The bad frames of the native protocol (PROTOCOL.md, frame)."""

from collections.abc import Mapping

from roomproof.dialects.frames import BadFrame
from roomproof.dialects.session import Session
from roomproof.spec.limits import NESTING_CODES, CloseCode

MARK = "{}"
"""Stands in a text below for the word that a scenario looks for."""

_TEXTS = {
    "no JSON": "hello {}",
    "JSON cut off": '{"type":"message","content":"{}"',
    "no text at all": "",
    "JSON and more behind it": '{"type":"message","content":"{}"} and more',
    "two messages": '{"type":"message","content":"{}"}\n{"type":"message","content":"{}"}',
    "a comma too many": '{"type":"message","content":"{}",}',
    "other quotes": "{'type':'message','content':'{}'}",
    "an array": '["message","{}"]',
    "an array of messages": '[{"type":"message","content":"{}"}]',
    "60,000 letters": "{}" + "x" * 60_000,
    "a string": '"{}"',
    "a number": "42",
    "null": "null",
    "an unknown type": '{"type":"dance","content":"{}"}',
    "a type in capitals": '{"type":"MESSAGE","content":"{}"}',
    "a server's type": '{"type":"system","content":"{} joined the chat"}',
    "a number as type": '{"type":7,"content":"{}"}',
    "null as type": '{"type":null,"content":"{}"}',
    "no content": '{"type":"message","words":"{}"}',
    "a number as content": '{"type":"message","content":4242,"mark":"{}"}',
    "true as content": '{"type":"message","content":true,"mark":"{}"}',
    "null as content": '{"type":"message","content":null,"mark":"{}"}',
    "an array as content": '{"type":"message","content":["{}"]}',
    "an object as content": '{"type":"message","content":{"text":"{}"}}',
    "empty content": '{"type":"message","content":"","mark":"{}"}',
}
_DEEP = "[" * 30_000 + '"{}"' + "]" * 30_000
_BINARY = '{"type":"message","content":"{}"}'


def native_bad_frames(fields: Mapping[str, str]) -> tuple[BadFrame, ...]:
    """Return the bad frames, with other names for the fields `type` and `content`."""
    texts = {name: _renamed(text, fields) for name, text in _TEXTS.items()}
    binary = _renamed(_BINARY, fields)
    return (
        *(_bad_frame(name, text) for name, text in texts.items()),
        _bad_frame("an array 30,000 deep", _DEEP, codes=NESTING_CODES),
        _bad_frame("binary", binary, is_binary=True, codes=frozenset({CloseCode.UNSUPPORTED_DATA})),
    )


def _renamed(text: str, fields: Mapping[str, str]) -> str:
    for name in ("type", "content"):
        text = text.replace(f'"{name}":', f'"{fields.get(name, name)}":')
    return text


def _bad_frame(name: str, text: str, *, is_binary: bool = False, codes: frozenset[int] = frozenset()) -> BadFrame:
    def make(mark: str, _: Session) -> str | bytes:
        marked = text.replace(MARK, mark)
        return marked.encode() if is_binary else marked

    return BadFrame(name, make, codes)
