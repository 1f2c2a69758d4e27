"""Faults of time."""

from datetime import datetime, timedelta
from typing import Any

from reference_server.clock import Clock
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import change_messages


@fault("timestamp missing", breaks="DELIVER-7", shows=Kind.MALFORMED)
def missing() -> None:
    """Messages have no timestamp."""
    change_messages(lambda fields: {name: value for name, value in fields.items() if name != "timestamp"})


@fault("timestamp a number", breaks="DELIVER-7", shows=Kind.MALFORMED)
def number() -> None:
    """The timestamp of a message is a number."""
    change_messages(lambda fields: fields | {"timestamp": datetime.fromisoformat(fields["timestamp"]).timestamp()})


@fault("time frozen", breaks="DELIVER-9", perhaps={"DELIVER-8": "after a minute the frozen time is far away"})
def frozen() -> None:
    """Every timestamp is the server's first one."""

    def wrapped(timestamp: Any) -> Any:
        def once(self: Any) -> str:
            self._first = self.__dict__.get("_first") or timestamp(self)
            return str(self._first)

        return once

    wrap(Clock, "timestamp", wrapped)


@fault("local time", breaks="DELIVER-8", shows=Kind.WRONG_TIME, also={"CREATE-1": "so is created_at"})
def local() -> None:
    """Timestamps are in the server's local time, without an offset."""

    def wrapped(_: Any) -> Any:
        return lambda _: datetime.now().isoformat(timespec="microseconds")

    wrap(Clock, "timestamp", wrapped)


@fault("clock wrong by two minutes", breaks="DELIVER-8", shows=Kind.WRONG_TIME, also={"CREATE-1": "so is created_at"})
def wrong() -> None:
    """Timestamps are two minutes behind."""
    _shift(lambda moment: moment - timedelta(minutes=2))


@fault("time runs backwards now and then", breaks="DELIVER-9", shows=Kind.WRONG_TIME)
def backwards() -> None:
    """Every 100th timestamp is 5 s early."""
    turn = every(100)
    _shift(lambda moment: moment - timedelta(seconds=5) if turn() else moment)


def _shift(how: Any) -> None:
    def wrapped(timestamp: Any) -> Any:
        return lambda self: how(datetime.fromisoformat(timestamp(self))).isoformat(timespec="microseconds")

    wrap(Clock, "timestamp", wrapped)
