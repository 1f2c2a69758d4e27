"""Pointers and timestamps find what other services call by other names."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomproof.dialects.place import Place
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.timestamps import timestamp_of
from roomproof.errors import UsageError
from roomproof.spec.messages import parse_timestamp

PLACE = Place("chat.toml", "[[hear]] 1 message content")


@pytest.mark.parametrize(
    ("text", "found"),
    [("user.id", 7), ("[1].text", None), ("list[1].text", "soup"), ("user.name", None), ("length(user.id)", None)],
)
def test_a_pointer_finds_a_value_or_nothing(text: str, found: object) -> None:
    value = {"user": {"id": 7}, "list": ["chat", {"text": "soup"}]}

    assert Pointer(text, PLACE).find(value) == found


def test_the_whole_frame_can_be_found() -> None:
    assert Pointer("@", PLACE).find("soup") == "soup"


@pytest.mark.parametrize("text", ["", "a..b", "a[", "no_such_function(a)("])
def test_a_pointer_that_does_not_compile_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"chat.toml, \[\[hear\]\] 1 message content: expected a JMESPath expression"):
        Pointer(text, PLACE)


MOMENT = datetime(2025, 12, 23, 22, 12, 57, 198_000, UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2025-12-23T22:12:57.198",
        "2025-12-23T23:12:57.198+01:00",
        MOMENT.timestamp(),
        int(MOMENT.timestamp() * 1000),
        str(MOMENT.timestamp()),
        str(int(MOMENT.timestamp() * 1000)),
    ],
)
def test_a_time_is_read(value: object) -> None:
    assert parse_timestamp(timestamp_of(value) or "") == MOMENT


@pytest.mark.parametrize("value", ["", "now", "2025-12-23", True, None, [1], float("nan"), float("inf"), 1e300])
def test_what_is_no_time_is_refused(value: object) -> None:
    assert timestamp_of(value) is None


@given(st.floats() | st.integers() | st.text() | st.none())
def test_whatever_is_a_time_is_one_of_the_protocol(value: object) -> None:
    timestamp = timestamp_of(value)

    assert timestamp is None or parse_timestamp(timestamp) is not None


@given(st.datetimes(datetime(1975, 1, 1), datetime(2200, 1, 1)))
def test_seconds_and_milliseconds_are_the_same_time(moment: datetime) -> None:
    milliseconds = int(moment.replace(tzinfo=UTC).timestamp() * 1000)
    read = parse_timestamp(timestamp_of(milliseconds) or "")

    assert read is not None
    assert abs((read - moment.replace(tzinfo=UTC)).total_seconds()) < 0.01
