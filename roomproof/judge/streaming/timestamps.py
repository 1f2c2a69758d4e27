"""The check under load that timestamps make progress (DELIVER-9).

A server can stamp an item once, or once on each instance, or for each delivery. Receivers mostly share frames, which
are decoded once. So only the earliest timestamp of all copies of an item is kept. A receiver of the item received none
before that: a later item with an even earlier timestamp runs backwards for it, whichever copy it received. Two faults
are missed: a step smaller than the difference between copies, and a step in what arrives long after others received it,
at a slow reader or as history.
"""

from datetime import datetime

import msgspec

from roomproof.judge.facts import TICK_NS
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.lapse import TimestampLapse

KEPT_ITEMS = 8
"""Number of items of a sender whose timestamps are kept."""


class ItemTimestamp(msgspec.Struct, gc=False):
    """The earliest timestamp of an item, and the time since which it is known.

    Since then all copies of the item, or of one before it, had a timestamp as late.
    """

    moment: datetime
    since: int


class KeptTimestamps(msgspec.Struct, gc=False):
    """The timestamps kept of one sender on one instance."""

    items: dict[int, ItemTimestamp]
    """By item, in ascending order."""
    highest: datetime
    """The latest timestamp so far."""

    def add_late(self, item: int, timestamp: ItemTimestamp) -> None:
        """Add an item that reached anyone only after a later item had reached another.

        An item before the first one kept might have been kept before, with an earlier timestamp: it stays out.
        """
        if len(self.items) < KEPT_ITEMS or item > next(iter(self.items)):
            later = {one: self.items.pop(one) for one in [*self.items] if one > item}
            self.items.update({item: timestamp, **later})


class Timestamps:
    """The latest timestamps of one room.

    Invariants: the items kept of a sender are ascending and at most KEPT_ITEMS; no kept moment is later than `highest`.
    """

    def __init__(self) -> None:
        self._kept: dict[int, dict[str | None, KeptTimestamps]] = {}
        """By sender, and by instance."""

    def forget(self, sender: StreamingConnection) -> None:
        """Forget a sender of which nothing more arrives."""
        self._kept.pop(sender.number, None)

    def record(
        self,
        sender: StreamingConnection,
        item: int,
        moment: datetime,
        sent: int,
        receiver: StreamingConnection,
        at: int,
    ) -> TimestampLapse | None:
        """Record the timestamp of a received item, and return its lapse.

        `sent` as in `peek`.
        """
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
            lapse = self.peek(sender, item, moment, sent, receiver)
            is_still = moment == items[latest].moment and receiver.has_received(sender.column, latest)
            since = items[latest].since if is_still else at
        if item > latest:
            items[item] = ItemTimestamp(moment, since)
        elif item not in items:
            kept.add_late(item, ItemTimestamp(moment, at))
        elif items[item].moment != moment:
            items[item] = ItemTimestamp(min(items[item].moment, moment), at)
        if len(items) > KEPT_ITEMS:
            del items[next(iter(items))]
        return lapse

    def peek(
        self, sender: StreamingConnection, item: int, moment: datetime, sent: int, receiver: StreamingConnection
    ) -> TimestampLapse | None:
        """The lapse of a timestamp, if it has one, without recording it.

        `sent`: the earliest time in nanoseconds at which the item was sent; 0 if unknown.
        """
        kept = self._kept.get(sender.number, {}).get(receiver.instance)
        if kept is None or moment > kept.highest:
            return None
        earlier = [one for one in reversed(kept.items) if one < item]
        received = next((one for one in earlier if receiver.has_received(sender.column, one)), None)
        before = received if received is not None else next(iter(earlier), None)
        if before is None:
            return None
        stamped = kept.items[before]
        if moment < stamped.moment:
            return TimestampLapse(before, None, received is not None)
        if moment == stamped.moment and sent - stamped.since >= TICK_NS:
            return TimestampLapse(before, sent - stamped.since, received is not None)
        return None
