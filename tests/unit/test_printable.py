"""What servers and users say does not reach a terminal as it is."""

from roomproof.client.http import UnreachableError
from roomproof.printable import SHOWN_CHARACTERS, printable
from roomproof.stage.scene import RuleBrokenError


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert printable("\x1b[31mred\n\x00é\u202e") == "\\x1b[31mred\\n\\x00é\\u202e"


def test_what_fails_an_expectation_does_not_either() -> None:
    assert "\x1b" not in str(RuleBrokenError("DELIVER-1", "soup", "got \x1b]0;title\a"))
    assert "\x1b" not in str(UnreachableError("got \x1b[2J"))


def test_a_long_frame_is_cut() -> None:
    assert len(printable("x" * 10_000)) < SHOWN_CHARACTERS + 30
