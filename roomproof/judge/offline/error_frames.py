"""The check of error frames: a server sends one only as the answer to a bad frame."""

from collections.abc import Iterator

from roomproof.judge import texts
from roomproof.judge.findings import Finding, Kind
from roomproof.judge.offline.sorted_history import SortedHistory
from roomproof.spec import messages


def unprovoked_errors(history: SortedHistory) -> Iterator[Finding]:
    """Error frames beyond the number of bad frames that their receiver sent (FRAME-5).

    Doubtful frames, undeclared pings and a frame that RFC 6455 forbids count as bad frames. Errors inside a fault
    window are ignored.
    """
    for receiver in history.connections.values():
        errors = [
            (receipt, receipt.frame)
            for receipt in receiver.receipts
            if isinstance(receipt.frame, messages.Error) and not history.is_touched_by_fault(receiver, receipt.at)
        ]
        causes = len(receiver.bad_frames) + len(receiver.doubtful) + receiver.pings + receiver.sent_invalid_frame
        for receipt, error in errors[causes:]:
            text = texts.unprovoked_error(error.content)
            yield Finding(Kind.UNPROVOKED_ERROR, "FRAME-5", receiver.number, text, witness=(receipt.event,))
