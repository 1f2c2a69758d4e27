"""Times of deliveries: when the first and the last receiver received each message."""

from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.frame_cache import CachedFrame, DeliveryTimes
from roomproof.judge.streaming.tally import Tally


class DeliveryTimer:
    """Times the messages of one room while frames that carry them are cached.

    Invariants: `_times` holds exactly the messages with a time that a cached frame carries, and counts these frames.
    All items before `_received_by_all[column]` have been received by every receiver.
    """

    def __init__(self, tally: Tally, receivers: list[StreamingConnection], *, has_echo: bool) -> None:
        """`receivers` is the list of receivers of the room, which changes with it."""
        self._has_echo = has_echo
        self._tally = tally
        self._receivers = receivers
        self._times: dict[tuple[int, int], DeliveryTimes] = {}
        """By column and item."""
        self._received_by_all: dict[int, int] = {}
        """By column: the lowest item that any receiver expected, when that was last computed."""

    def add(self, cached: CachedFrame, scheduled: int, at: int, *, is_first: bool, is_due: bool) -> None:
        """Time the message of a frame that has just entered the cache.

        `scheduled`: the time at which it was scheduled to be sent. `is_first`: nobody had received the message before;
        `is_due`: it was not repeated because its receiver joined.
        """
        key = cached.column, cached.item
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = DeliveryTimes(scheduled, at, at, is_whole=is_first)
        times.cached_frames += 1
        if is_due:
            times.last = at
        cached.scheduled, cached.timing = scheduled, times

    def drop(self, cached: CachedFrame) -> None:
        """Add the times of a message to the tally once its last frame leaves the cache.

        If a receiver still lacks the message, the time of its last receipt stays unknown.
        """
        if not cached.scheduled:
            return
        times = cached.timing
        times.cached_frames -= 1
        if times.cached_frames:
            return
        del self._times[cached.column, cached.item]
        if times.is_whole and not self._is_awaited(cached.column, cached.item):
            self._tally.spent.append(times)
        else:
            self._tally.untimed += times.is_whole

    def forget(self, column: int) -> None:
        """Forget the sender in a column, whose frames have left the cache."""
        self._received_by_all.pop(column, None)

    def _is_awaited(self, column: int, item: int) -> bool:
        if item >= self._received_by_all.get(column, 0):
            members = [one for one in self._receivers if one.evidence_at is not None]
            expected = [one.expected[column] for one in members if self._has_echo or one.column != column]
            lowest = min((next_item for next_item in expected if next_item >= 0), default=item + 1)
            self._received_by_all[column] = lowest
        return item >= self._received_by_all[column]
