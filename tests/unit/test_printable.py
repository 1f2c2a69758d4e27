"""Text of servers and users does not reach a terminal as it is."""

import pytest

from roomproof.client.http import UnreachableError
from roomproof.printable import SHOWN_CHARACTERS, counted, printable, shortened
from roomproof.stage.scene import RuleBrokenError


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("\x1b[31mred\n\x00é\u202e") == "\\x1b[31mred\\n\\x00é\\u202e"


def test_errors_escape_control_characters() -> None:
    assert "\x1b" not in str(RuleBrokenError("DELIVER-1", "soup", "got \x1b]0;title\a"))
    assert "\x1b" not in str(UnreachableError("got \x1b[2J"))


def test_a_long_frame_is_cut() -> None:
    assert len(printable("x" * 10_000)) < SHOWN_CHARACTERS + 40


def test_a_cut_text_keeps_both_ends_and_tells_what_is_missing() -> None:
    text = "begin" + "x" * 24_000 + "end"

    assert shortened(text, 30) == "beginxxxxxxxxxxxxxxx ... 23,978 characters left out ... xxxxxxxend"
    assert shortened(text, len(text)) == text


@pytest.mark.parametrize(("number", "text"), [(0, "0 findings"), (1, "1 finding"), (2, "2 findings")])
def test_a_noun_agrees_with_its_number(number: int, text: str) -> None:
    assert counted(number, "finding") == text
