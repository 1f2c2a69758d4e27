import logging

import pytest

from reference_server.log import OneLineFormatter, origin, printable


def test_control_characters_are_escaped() -> None:
    assert printable("a\nb\r\x1b[2J\u2028\u202ez Zoë") == "a\\nb\\r\\x1b[2J\\u2028\\u202ez Zoë"


def test_a_crash_is_one_line_without_its_message() -> None:
    with pytest.raises(KeyError) as caught:
        dict[str, int]()["the secret recipe"]
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broke\n%s", ("it",), caught._excinfo)

    line = OneLineFormatter("%(message)s").format(record)

    assert line.startswith("broke\\nit\\nKeyError < test_log.py:")
    assert "recipe" not in line
    assert origin(caught.value).startswith("KeyError < test_log.py:")
