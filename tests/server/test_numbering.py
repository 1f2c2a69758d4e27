import pytest

from reference_server.numbering import Numbering


def test_an_item_comes_as_it_was_published() -> None:
    here, there = Numbering("here"), Numbering("there")

    assert there.decode(here.encode(here.next(), '{"content": "two  spaces\\n"}')) == '{"content": "two  spaces\\n"}'


def test_an_item_is_taken_once_and_never_after_a_later_one() -> None:
    here, there = Numbering("here"), Numbering("there")
    one, two = (here.encode(here.next(), frame) for frame in ("one", "two"))

    assert [there.decode(payload) for payload in (two, two, one)] == ["two", None, None]


def test_each_instance_has_numbers_of_its_own() -> None:
    here, other, there = Numbering("here"), Numbering("other"), Numbering("there")

    assert there.decode(here.encode(here.next(), "one")) == "one"
    assert there.decode(other.encode(other.next(), "one")) == "one"


def test_a_later_item_that_came_back_proves_publication() -> None:
    here = Numbering("here")
    numbers = [here.next() for _ in range(3)]
    here.decode(here.encode(numbers[1], "two"))

    assert [here.was_received(number) for number in numbers] == [True, True, False]


@pytest.mark.parametrize("payload", [b"", b"hello", b"a b", b"a b c", b"\xff 1 c"])
def test_a_payload_of_no_instance_is_an_error(payload: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the caller logs what it is
        Numbering("here").decode(payload)
