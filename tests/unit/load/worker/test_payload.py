"""The text of messages has the size asked for, and shows every change."""

import unicodedata

import pytest

from roomproof.load.worker.payload import IDENTITY_BYTES, payload_text


@pytest.mark.parametrize("size", [100, 101, 120, 500, 1_000, 4_000])
@pytest.mark.parametrize("seed", ["", "soup", "7"])
def test_a_content_has_about_the_size_asked_for(size: int, seed: str) -> None:
    assert size - 5 <= len(payload_text(size, seed).encode()) + IDENTITY_BYTES <= size


@pytest.mark.parametrize("size", [0, 1, 70, 71, 100, 4_000])
def test_a_text_is_never_empty_and_ends_with_a_space(size: int) -> None:
    assert payload_text(size, "soup").endswith(" ")


def test_the_same_seed_makes_the_same_text() -> None:
    assert payload_text(500, "soup") == payload_text(500, "soup")
    assert payload_text(500, "soup") != payload_text(500, "bread")


def test_a_long_content_shows_trimming_and_normalising() -> None:
    text = payload_text(4_000, "soup")

    assert text != text.strip()
    assert text != unicodedata.normalize("NFC", text)
    assert text != " ".join(text.split())
    assert {"<", "&", '"', "\\"} <= set(text)
