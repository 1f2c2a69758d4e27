"""What somebody who does not read does to the others in a room under load (CLOSE-4)."""

from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection, name_of
from roomproof.judge.streaming.state import RoomState

SWAMPED_BYTES = 12 * 1024 * 1024
"""More than the sockets on the way, a proxy's included, hold of what is sent to somebody who does not read."""

MEANT_BEFORE = NS_PER_S
"""So long before it is said a message may have been meant to be said."""

AT_ONCE = NS_PER_S
"""Whoever was held up hears the others so soon after the one who held them up reads on."""


class SlowReaders:
    """Looks after one room. Times are nanoseconds."""

    def __init__(self, state: RoomState, deadline: int) -> None:
        self._state = state
        self._deadline = deadline
        self._said_bytes = 0
        self._heard_at = 0
        """When a message last came to anyone that nobody had received before."""

    def says(self, content: str) -> None:
        """Somebody is about to say something."""
        self._said_bytes += len(content)

    def stops(self, connection: StreamingConnection) -> None:
        """Somebody stops reading."""
        connection.said_bytes_before = self._said_bytes

    def reads_on(self, connection: StreamingConnection) -> None:
        """Somebody reads on: the server had to notice the pause if very much was said meanwhile."""
        if self._said_bytes - connection.said_bytes_before >= SWAMPED_BYTES:
            self._state.tally.swamped += 1

    def came(self, receiver: StreamingConnection, sender: StreamingConnection, item: int, meant: int, at: int) -> None:
        """A message came that nobody had received before: was the whole room silent until a slow reader read on?

        Nobody at all heard anything new for longer than a deadline, although something was due: a server that is slow
        for other reasons is not meant.
        """
        silent_since = max(self._heard_at, meant + MEANT_BEFORE)
        self._heard_at = at
        if at - silent_since <= self._deadline:
            return
        for one in self._state.receivers:
            was_slow = one.has_paused and one.reads and one.evidence_at is not None
            if was_slow and one.paused_at <= silent_since and one.resumed_at >= at - AT_ONCE:
                text = (
                    f"{name_of(sender, item)} came after {(at - silent_since) / NS_PER_S:.1f} s in which nobody heard "
                    f"anything, just when {one.user!r} read on, who had not read for longer than that"
                )
                self._state.find(receiver, Kind.HELD_UP, "CLOSE-4", text, sender.number, item)
                return
