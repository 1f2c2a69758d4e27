"""The sums of the server's time limits, which the protocol's deadlines bound."""

from reference_server import dynamodb_store, member, redis_broadcast, serve, sqlite_store, stream


def test_the_server_ends_within_5_s_of_a_signal() -> None:
    assert serve.SHUTDOWN_FLUSH_SECONDS + serve.ABORT_SECONDS + serve.CANCEL_SECONDS * 6 / 5 < 5


def test_a_member_is_closed_within_5_s() -> None:
    """CLOSE-2: the outbox is flushed first, then the closing handshake follows."""
    assert member.CLOSING_FLUSH_SECONDS + max(member.CLOSE_FRAME_SECONDS, stream.CLOSING_SECONDS) < 5


def test_a_handshake_is_answered_within_10_s() -> None:
    """STICKY-9: it waits for the broadcast first, then for the store."""
    assert redis_broadcast.HANDSHAKE_SECONDS + dynamodb_store.ANSWER_SECONDS < 10
    assert redis_broadcast.HANDSHAKE_SECONDS + sqlite_store.QUEUE_SECONDS + sqlite_store.BUSY_SECONDS < 10


def test_instances_reach_each_other_within_10_s_of_an_outage() -> None:
    """PUBSUB-7: one attempt to connect fails, the next succeeds, publishing begins."""
    attempts = redis_broadcast.CONNECT_SECONDS + redis_broadcast.RECONNECT_SECONDS[-1]

    assert attempts + redis_broadcast.CONNECT_SECONDS + redis_broadcast.PUBLISH_DELAY_SECONDS[-1] < 10
