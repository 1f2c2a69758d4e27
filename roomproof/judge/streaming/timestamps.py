"""Whether time runs backwards, or stands still, from one item of a sender to a later one (DELIVER-9).

Servers stamp an item once, or each instance by its own clock, or each delivery; receivers mostly share frames, which
are looked at once. So of each item only the earliest timestamp of all its copies is kept: a receiver that has got the
item has got none before that, and a later item that is stamped even earlier runs backwards for it, whichever copy it
got. What is less than the difference of copies is not seen, nor what comes long after others got it, to a slow reader
or as history.
"""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from roomproof.judge.facts import NS_PER_S, TICK_NS
from roomproof.judge.streaming.connection import StreamingConnection

KEPT_ITEMS = 8
"""The timestamps of so many items of a sender are kept."""


class ItemTimestamp(msgspec.Struct, gc=False):
    """An item's earliest timestamp, and since when all its copies so far, or one before it, have had one as late."""

    moment: datetime
    since: int


@dataclass(frozen=True, slots=True)
class TimestampLapse:
    """A timestamp that does not follow the one before. `is_certain`: its receiver has got the item of that one."""

    how: str
    is_certain: bool


class KeptTimestamps(msgspec.Struct, gc=False):
    """What is kept of one sender, as one instance tells it."""

    items: dict[int, ItemTimestamp]
    """In their order."""
    highest: datetime
    """No timestamp so far was later."""


class Timestamps:
    """The latest timestamps of one room."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[str | None, KeptTimestamps]] = {}
        """By sender, and by instance."""

    def forget(self, sender: StreamingConnection) -> None:
        """Nothing of a sender comes any more."""
        self._kept.pop(sender.number, None)

    def take(
        self,
        sender: StreamingConnection,
        item: int,
        moment: datetime,
        said: int,
        receiver: StreamingConnection,
        at: int,
    ) -> TimestampLapse | None:
        """A receiver got an item with a timestamp; `said` is the earliest time at which it was said, 0 for unknown."""
        by_instance = self._kept.setdefault(sender.number, {})
        kept = by_instance.get(receiver.instance)
        if kept is None:
            by_instance[receiver.instance] = KeptTimestamps({item: ItemTimestamp(moment, at)}, moment)
            return None
        items = kept.items
        latest = next(reversed(items))
        if moment > kept.highest:
            kept.highest = moment
            lapse, since = None, at
        else:
            lapse = self.look(sender, item, moment, said, receiver)
            still = moment == items[latest].moment and receiver.has_got(sender.column, latest)
            since = items[latest].since if still else at
        if item > latest:
            items[item] = ItemTimestamp(moment, since)
            if len(items) > KEPT_ITEMS:
                del items[next(iter(items))]
        elif item in items and items[item].moment != moment:
            items[item] = ItemTimestamp(min(items[item].moment, moment), at)
        return lapse

    def look(
        self, sender: StreamingConnection, item: int, moment: datetime, said: int, receiver: StreamingConnection
    ) -> TimestampLapse | None:
        """What `take` would return, where it is not certain yet that it is an item."""
        kept = self._kept.get(sender.number, {}).get(receiver.instance)
        if kept is None or moment > kept.highest:
            return None
        earlier = [one for one in reversed(kept.items) if one < item]
        got = next((one for one in earlier if receiver.has_got(sender.column, one)), None)
        before = got if got is not None else next(iter(earlier), None)
        if before is None:
            return None
        stamped = kept.items[before]
        if moment < stamped.moment:
            return TimestampLapse(f"is stamped before item {before}", got is not None)
        if moment == stamped.moment and said - stamped.since >= TICK_NS:
            passed = (said - stamped.since) / NS_PER_S
            return TimestampLapse(f"is stamped as if {passed:.0f} s had not passed", got is not None)
        return None
