"""Checks of timestamps."""

from collections.abc import Iterator
from itertools import pairwise

from roomproof import wire
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.hearing import Hearing
from roomproof.judge.run import Receipt, Run

NS_PER_S = 1_000_000_000


def wrong_time(run: Run, hearing: Hearing) -> Iterator[Finding]:
    """Timestamps too far from the time of receipt (DELIVER-8), and those that run backwards in a stream (DELIVER-9)."""
    for receiver in run.connections.values():
        for receipt in receiver.receipts:
            if isinstance(receipt.frame, wire.Message | wire.Notice | wire.Pong):
                away = abs(_ahead_s(run, receipt, receipt.frame.timestamp))
                if away > wire.CLOCK_SKEW_S:
                    text = f"the timestamp {receipt.frame.timestamp!r} is {away:.0f} s away from the time of receipt"
                    yield Finding(Kind.WRONG_TIME, "DELIVER-8", receiver.number, text, witness=(receipt.event,))
        for stream in run.connections.values():
            items = sorted({one.item: one for one in hearing.of(stream, receiver)}.values(), key=lambda one: one.item)
            stamps = [(one, _timestamp(one.receipt)) for one in items]
            for (earlier, before), (later, after) in pairwise(stamps):
                if after < before:
                    text = f"item {later.item} of {stream.user!r} is stamped before item {earlier.item}"
                    witness = (earlier.receipt.event, later.receipt.event)
                    yield Finding(
                        Kind.WRONG_TIME,
                        "DELIVER-9",
                        receiver.number,
                        text,
                        stream.number,
                        later.item,
                        witness=witness,
                    )


def _timestamp(receipt: Receipt) -> float:
    frame = receipt.frame
    moment = wire.parse_timestamp(frame.timestamp) if isinstance(frame, wire.Message | wire.Notice) else None
    return moment.timestamp() if moment else 0.0


def _ahead_s(run: Run, receipt: Receipt, timestamp: str) -> float:
    """How far a timestamp is ahead of the time of receipt on the server's clock, in seconds."""
    moment = wire.parse_timestamp(timestamp)
    if moment is None:
        return 0.0
    return moment.timestamp() - (run.started.epoch + receipt.at + run.started.server_ahead) / NS_PER_S
