"""What users say is as long as was asked for, the same for the same seed, and shows every change."""

import unicodedata

import pytest

from roomproof.load.worker.payload import IDENTITY_BYTES, payload_text


@pytest.mark.parametrize("size", [100, 101, 120, 500, 1_000, 4_000])
@pytest.mark.parametrize("seed", ["", "soup", "7"])
def test_a_content_is_about_as_long_as_was_asked_for(size: int, seed: str) -> None:
    assert size - 5 <= len(payload_text(size, seed).encode()) + IDENTITY_BYTES <= size


@pytest.mark.parametrize("size", [0, 1, 70, 71, 100, 4_000])
def test_there_is_always_a_content_and_it_ends_with_a_space(size: int) -> None:
    assert payload_text(size, "soup").endswith(" ")


def test_the_same_seed_makes_the_same_words() -> None:
    assert payload_text(500, "soup") == payload_text(500, "soup")
    assert payload_text(500, "soup") != payload_text(500, "bread")


def test_a_long_content_shows_trimming_and_normalising() -> None:
    words = payload_text(4_000, "soup")

    assert words != words.strip()
    assert words != unicodedata.normalize("NFC", words)
    assert words != " ".join(words.split())
    assert {"<", "&", '"', "\\"} <= set(words)
