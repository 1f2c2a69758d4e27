"""A report arrives as it was sent."""

from roomproof.history import Opening, Received
from roomproof.judge.findings import Finding, Kind
from roomproof.load.figures.metrics import Timing
from roomproof.load.figures.percentiles import histogram_of
from roomproof.load.figures.worker_report import decode, encode
from tests.unit.load.reports import BUSY, report


def test_a_report_arrives_as_it_was_sent() -> None:
    witness = (Opening(1, 5, "chat-1", "Zoë"), Received(1, 7, binary=b"\xff"))
    sent = report(
        sent=3,
        findings_by_kind={Kind.LOST: 1},
        findings=[Finding(Kind.LOST, "DELIVER-1", 1, "soup is lost", 2, 3, hole=True, witness=witness)],
        times={Timing.DELIVER: histogram_of([1_500_000, 1_500_000, 7])},
        instances=["a:1"],
        overload=[BUSY],
        is_last=True,
    )

    assert decode(encode(sent)) == sent


def test_reports_do_not_share_their_lists() -> None:
    one, other = report(), report()
    one.unanswered_reasons.append("no answer")

    assert other.unanswered_reasons == []
