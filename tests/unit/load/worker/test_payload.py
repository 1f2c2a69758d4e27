"""The text of messages has the size asked for, and shows every change."""

import unicodedata

import pytest

from roomproof.load.worker.payload import IDENTITY_BYTES, TRICKY_WORDS, payload_texts


@pytest.mark.parametrize("size", [100, 101, 120, 500, 1_000, 4_000])
@pytest.mark.parametrize("seed", ["", "soup", "7"])
def test_a_content_has_about_the_size_asked_for(size: int, seed: str) -> None:
    assert {len(text.encode()) + IDENTITY_BYTES for text in payload_texts(size, seed)} == {size}


@pytest.mark.parametrize("size", [0, 1, 70, 71, 100, 4_000])
def test_a_text_is_never_empty_and_ends_with_a_space(size: int) -> None:
    assert all(text.endswith(" ") for text in payload_texts(size, "soup"))


def test_the_same_seed_makes_the_same_text() -> None:
    assert payload_texts(500, "soup") == payload_texts(500, "soup")
    assert payload_texts(500, "soup") != payload_texts(500, "bread")


@pytest.mark.parametrize("size", [100, 120, 500, 4_000])
@pytest.mark.parametrize("seed", [str(number) for number in range(20)])
def test_every_tricky_word_is_in_one_of_the_texts(size: int, seed: str) -> None:
    texts = payload_texts(size, seed)

    assert all(any(f"{word} " in text for text in texts) for word in TRICKY_WORDS)
    assert len(texts) <= len(TRICKY_WORDS)


def test_a_long_content_holds_all_words_at_once() -> None:
    assert len(payload_texts(500, "soup")) == 1


def test_a_long_content_shows_trimming_and_normalising() -> None:
    (text,) = payload_texts(4_000, "soup")

    assert text != text.strip()
    assert text != unicodedata.normalize("NFC", text)
    assert text != " ".join(text.split())
    assert {"<", "&", '"', "\\"} <= set(text)
