import pytest

from reference_server.names import can_be_chat_id, name_problem, new_chat_id


def test_a_new_id_is_chat_and_twelve_hex_digits() -> None:
    prefix, _, digits = new_chat_id().partition("-")

    assert prefix == "chat"
    assert len(digits) == 12
    assert int(digits, 16) >= 0
    assert can_be_chat_id(f"{prefix}-{digits}")


@pytest.mark.parametrize("text", ["CHAT_ID", "chat-1'", "", "a" * 65, "chat-1\n", "chät", "a/b", "٣"])
def test_a_bad_chat_id_is_recognised(text: str) -> None:
    assert not can_be_chat_id(text)


@pytest.mark.parametrize("text", ["a", "x" * 64, "Zoë van der Berg", " ", "👩‍👩‍👧", "user_id.with-all@", "\u2028"])
def test_a_good_name_has_no_problem(text: str) -> None:
    assert name_problem(text, 64) is None


@pytest.mark.parametrize("text", ["", "x" * 65, "a\x00b", "a\nb", "\x7f", "\x9b31m", "\ud800"])
def test_a_bad_name_has_a_problem(text: str) -> None:
    assert name_problem(text, 64)
