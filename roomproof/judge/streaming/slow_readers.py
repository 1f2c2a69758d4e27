"""The check that a member that does not read holds nobody up (CLOSE-4)."""

from roomproof.judge import texts
from roomproof.judge.facts import NS_PER_S
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.state import RoomState

SWAMPED_BYTES = 12 * 1024 * 1024
"""Size in bytes beyond what all sockets on the way, a proxy's included, hold for a client that does not read."""

MAX_SEND_DELAY = NS_PER_S
"""Longest time in nanoseconds by which a message is sent later than it was scheduled to be."""

AT_ONCE = NS_PER_S
"""Longest time in nanoseconds from the moment a slow reader reads on to the first item that it had held up."""


class SlowReaders:
    """Watches the slow readers of one room.

    Invariants: `_sent_bytes` never decreases; `_received_at` is the time at which anyone last received a message that
    nobody had received before.
    """

    def __init__(self, state: RoomState, deadline: int) -> None:
        """`deadline` is in nanoseconds."""
        self._state = state
        self._deadline = deadline
        self._sent_bytes = 0
        self._received_at = 0

    def note_sent(self, content: str) -> None:
        """Note that a message is about to be sent."""
        self._sent_bytes += len(content)

    def note_pause(self, connection: StreamingConnection) -> None:
        """Note that a connection stops reading."""
        connection.room_size_at_pause = self._sent_bytes

    def note_resumed(self, connection: StreamingConnection) -> None:
        """Note that a connection reads on.

        If very much was sent meanwhile, the server had to notice its pause.
        """
        if self._sent_bytes - connection.room_size_at_pause >= SWAMPED_BYTES:
            self._state.tally.swamped += 1

    def note_first_receipt(
        self, receiver: StreamingConnection, sender: StreamingConnection, item: int, scheduled: int, at: int
    ) -> None:
        """Note a message that nobody had received before; judge if the room was held up.

        It was, if nobody received anything new for longer than a deadline, though this was due to a member that read
        all that time, and the silence ended when a slow reader read on. If no reader was slow all that time, the server
        was slow for other reasons.
        """
        silent_since = max(self._received_at, scheduled + MAX_SEND_DELAY)
        self._received_at = at
        if at - silent_since <= self._deadline:
            return
        slow = next((one for one in self._state.receivers if _ends_silence(one, silent_since, at)), None)
        if slow is not None and any(
            self._was_due(sender, one, scheduled, silent_since) for one in self._state.receivers
        ):
            text = texts.held_up(item, sender.user, slow.user, (at - silent_since) / NS_PER_S)
            self._state.report(receiver, (Kind.HELD_UP, "CLOSE-4"), text, sender.number, item)

    def _was_due(
        self, sender: StreamingConnection, receiver: StreamingConnection, scheduled: int, silent_since: int
    ) -> bool:
        """Whether a message was due to a member that read during the whole silence.

        A slow reader holds up others (CLOSE-4), but not itself.
        """
        read_all_along = not receiver.has_paused or (receiver.reads and receiver.resumed_at <= silent_since)
        is_member = receiver.evidence_at is not None and receiver.evidence_at <= scheduled
        is_in_audience = self._state.is_certain_audience(sender, receiver)
        return read_all_along and is_member and is_in_audience and self._state.stays(receiver)


def _ends_silence(connection: StreamingConnection, silent_since: int, at: int) -> bool:
    """Whether a member did not read during a silence, and read on just before its end.

    zoe    stops reading
    alice  sends "soup"      nobody receives it for longer than the deadline
    zoe    reads on          bob receives "soup" at once: zoe held him up
    """
    was_slow = connection.has_paused and connection.reads and connection.evidence_at is not None
    return was_slow and connection.paused_at <= silent_since and connection.resumed_at >= at - AT_ONCE
