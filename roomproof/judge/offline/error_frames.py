"""Checks of direct frames: what the server answers one connection."""

from collections.abc import Iterator

from roomproof.judge.findings import Finding, Kind, quoted
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.spec import messages


def unprovoked_errors(run: SortedHistory) -> Iterator[Finding]:
    """Error frames to connections that had given no cause: more of them than bad or doubtful frames (FRAME-5).

    While something is broken on purpose, the server may say that a valid message did not get through.
    """
    for receiver in run.connections.values():
        errors = [
            (receipt, receipt.frame)
            for receipt in receiver.receipts
            if isinstance(receipt.frame, messages.Error) and not run.fault_covers(receiver, receipt.at)
        ]
        causes = len(receiver.bad) + len(receiver.perhaps) + receiver.pings
        for receipt, error in errors[causes:]:
            text = f"an error frame without a bad frame: {quoted(error.content or '')}"
            yield Finding(Kind.UNPROVOKED_ERROR, "FRAME-5", receiver.number, text, witness=(receipt.event,))
