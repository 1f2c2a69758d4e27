"""Timestamps of other services, as PROTOCOL.md writes them."""

import re
from datetime import UTC, datetime, timedelta

from roomproof.spec.messages import parse_timestamp

MILLISECONDS_FROM = 1e11
"""Numbers from here on are milliseconds: as seconds they would be after the year 5138."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,20})?", re.ASCII)


def timestamp_of(value: object) -> str | None:
    """Return a timestamp of PROTOCOL.md; None if the value is no time.

    Takes a timestamp of PROTOCOL.md as it is, and seconds or milliseconds since 1970, as a number or in a string.
    """
    if isinstance(value, str):
        if parse_timestamp(value) is not None:
            return value
        if not _NUMBER.fullmatch(value):
            return None
        value = float(value) if "." in value else int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        unit = timedelta(milliseconds=1) if abs(value) >= MILLISECONDS_FROM else timedelta(seconds=1)
        return (_EPOCH + value * unit).isoformat()
    except (OverflowError, ValueError):
        return None
