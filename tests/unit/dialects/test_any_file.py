"""Whatever a target file holds, it is read or refused with a sentence."""

import tomllib
from collections.abc import Iterator
from copy import deepcopy

from hypothesis import given, settings
from hypothesis import strategies as st

from roomproof.dialects.dialect import Dialect
from roomproof.dialects.format import KEYS
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import Session, UserRow
from roomproof.errors import UsageError
from tests.unit.dialects.files import CHAT
from tests.unit.dialects.test_examples import FILES

TABLES = [tomllib.loads(CHAT), *(tomllib.loads(file.read_text(encoding="utf-8")) for file in FILES)]

TEXTS = [
    "",
    "{content}",
    "{user}",
    "{room}",
    "{x}",
    "{",
    "{{}}",
    "a.b",
    "[",
    "@",
    "GET /{room}",
    "POST /",
    "x:y",
    "json",
]

WORDS = sorted(KEYS)

VALUES = st.recursive(
    st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(TEXTS) | st.dates(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text() | st.sampled_from(WORDS), inner, max_size=2),
    max_leaves=4,
)


def places(value: object) -> Iterator[tuple[dict[str, object] | list[object], str | int]]:
    """Yield each table and array in a value, with each of its keys."""
    keys = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    for key in keys:
        assert isinstance(value, dict | list)
        yield value, key
        yield from places(value[key])


@settings(max_examples=200)
@given(st.data())
def test_any_change_of_a_file_is_read_or_refused(data: st.DataObject) -> None:
    tables = deepcopy(data.draw(st.sampled_from(TABLES)))
    tables.pop("url", None)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from([*places(tables), (tables, data.draw(st.sampled_from(WORDS)))]))
        if isinstance(holder, dict) and data.draw(st.integers(0, 3)) == 0:
            holder.pop(str(key), None)
        else:
            holder[key] = data.draw(VALUES)
        if not any(True for _ in places(tables)):
            break
    try:
        dialect = read_dialect(tables, "chat.toml")
    except UsageError as error:
        complaint = str(error)
    else:
        use(dialect)
        complaint = "chat.toml, "
    assert complaint.startswith("chat.toml, ")


def use(dialect: Dialect) -> None:
    """Do with a dialect what a connection does."""
    row = UserRow("alice", dict.fromkeys(dialect.columns, "t0"))
    session = Session("kitchen", row)
    try:
        progress = dialect.frames.begin(session)
        dialect.handshakes.handshake(session)
    except UsageError:
        return
    assert dialect.frames.read('{"event":"chat"}', "kitchen") is not None
    assert dialect.frames.read_sent('{"event":"chat"}') is not None
    if progress.is_done:
        assert dialect.frames.read_sent(dialect.frames.say("soup", progress.session)) is not None
