"""SUITE.md is current."""

from tests.faults.page import PAGE, page


def test_the_page_is_what_the_command_writes() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "write it again with: python -m tests.faults.page"
