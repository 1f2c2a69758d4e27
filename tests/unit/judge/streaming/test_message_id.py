"""The identity of a message under load survives everything but a change."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.judge.streaming.message_id import MessageId, read_id, with_id


@given(
    room=st.text("abc-._~/:% é", min_size=1),
    connection=st.integers(0, 10**6),
    item=st.integers(1, 10**6),
    text=st.text(st.characters(codec="utf-8")),
)
def test_what_was_sealed_is_read_as_it_was(room: str, connection: int, item: int, text: str) -> None:
    assert read_id(with_id(room, connection, item, text)) == MessageId(room, connection, item, intact=True)


CHANGES: dict[str, Callable[[str], str]] = {
    "trimmed": str.strip,
    "shouted": str.upper,
    "lengthened": lambda text: text + "!",
    "cut": lambda text: text[:-1],
    "normalised": lambda text: unicodedata.normalize("NFC", text),
}


@pytest.mark.parametrize("text", [" soup ", "Zoe\u0308", "<b>", "\x00"])
@pytest.mark.parametrize("change", CHANGES)
def test_a_text_is_intact_only_if_it_is_not(change: str, text: str) -> None:
    sealed = with_id("chat-1", 2, 3, text)
    changed = CHANGES[change](sealed)

    found = read_id(changed)

    assert found is not None
    assert found.intact == (changed == sealed)


@pytest.mark.parametrize(
    "content",
    [
        "soup",
        "",
        "a/b/c/d soup",
        "chat-1/2/3",
        "chat-1/2/3/4/5 soup",
        "chat-1/2/-3/4",
        f"chat-1/{'9' * 19}/3/4 soup",
    ],
)
def test_nobody_sealed(content: str) -> None:
    assert read_id(content) is None
