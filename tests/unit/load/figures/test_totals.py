"""Totals are sums over workers and seconds; figures leave the ramp-up out."""

from typing import Any

import pytest

from roomproof.judge.findings import Kind
from roomproof.judge.streaming.tally import KEPT_FINDINGS
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.totals import KEPT_REASONS, RunTotals
from roomproof.load.figures.worker_report import WorkerReport
from tests.unit.load.reports import MS, doubled, lost, report, totals


@pytest.mark.parametrize("name", Count)
def test_totals_are_the_sum_over_workers_and_seconds(name: Count) -> None:
    fields: list[dict[str, Any]] = [{"worker": "w1", name: 1}, {"worker": "w2", name: 20}, {"worker": "w1", name: 300}]
    added = totals(*(report(**each) for each in fields))

    assert (added.counts[name], added.measured[name]) == (321, 321)


def test_the_ramp_up_counts_but_not_as_measured() -> None:
    added = totals(report(is_measured=False, delivered=5), report(delivered=70))

    assert (added.counts[Count.DELIVERED], added.measured[Count.DELIVERED]) == (75, 70)


def test_the_rate_is_that_of_all_workers_together() -> None:
    added = totals(*(report(worker, delivered=100) for worker in ("w1", "w2", "w1", "w2")))

    assert added.rate == 200


def test_a_worker_whose_users_are_in_later_lowers_no_rate() -> None:
    late = report("w2", is_measured=False, delivered=600), report("w2", delivered=600)

    assert totals(report(delivered=600), report(delivered=600), *late).rate == 1200


def test_the_rate_leaves_the_ramp_up_out() -> None:
    assert totals(report(is_measured=False, delivered=5, seconds=9), report(delivered=70)).rate == 70


def test_the_rate_leaves_the_end_out() -> None:
    assert totals(report(delivered=70), report(delivered=60, seconds=4, have_senders_stopped=True)).rate == 70


@pytest.mark.parametrize(
    "last",
    [report(is_measured=False, delivered=5), report(delivered=5, have_senders_stopped=True), report(seconds=0.1)],
)
def test_a_run_without_a_measured_part_has_no_rate(last: WorkerReport) -> None:
    assert totals(report(is_measured=False), last).rate is None


def test_times_leave_the_ramp_up_out() -> None:
    added = totals(
        report(is_measured=False, times={Timing.DELIVER: {900 * MS: 50}}), report(times={Timing.DELIVER: {2 * MS: 1}})
    )

    assert added.times(Timing.DELIVER).count == 1
    assert added.times(Timing.DELIVER).at(100) == pytest.approx(2 * MS, rel=0.01)


def test_without_a_measured_part_times_are_of_the_ramp_up() -> None:
    added = totals(report(is_measured=False, times={Timing.DELIVER: {900 * MS: 50}}))

    assert added.times(Timing.DELIVER).count == 50


@pytest.mark.parametrize("name", [Timing.CONNECT, Timing.JOIN, Timing.LEAVE])
def test_connecting_and_leaving_counts_as_soon_as_it_happens(name: Timing) -> None:
    added = totals(report(is_measured=False, times={name: {MS: 3}}), report(times={name: {MS: 4}}))

    assert added.times(name).count == 7


def test_times_of_all_workers_are_one_distribution() -> None:
    added = totals(report("w1", times={Timing.DELIVER: {MS: 98}}), report("w2", times={Timing.DELIVER: {500 * MS: 2}}))

    assert added.times(Timing.DELIVER).at(50) == pytest.approx(MS, rel=0.01)
    assert added.times(Timing.DELIVER).at(99) == pytest.approx(500 * MS, rel=0.01)


def test_sending_times_have_no_figure() -> None:
    assert "send.p99" not in totals(report(times={Timing.SEND: {MS: 3}})).figures()


def test_figures_have_the_names_of_objectives() -> None:
    figures = totals(report(delivered=70, sockets=4, times={Timing.DELIVER: {2 * MS: 1}})).figures()

    assert (figures["rate"], figures["sockets"], figures["join.p99"]) == (70, 4, None)
    assert figures["deliver.p99"] == pytest.approx(2 * MS, rel=0.01)


def test_sockets_are_those_of_the_last_reports() -> None:
    added = totals(
        report("w1", sockets=10, rooms=1), report("w2", sockets=20, rooms=2), report("w1", sockets=5, rooms=3)
    )

    assert (added.sockets, added.most_sockets, added.rooms) == (25, 30, 5)


def test_instances_are_those_that_any_worker_reached() -> None:
    added = totals(
        report("w1", instances=["b", "a"], spanning_rooms=1), report("w2", instances=["b", "c"], spanning_rooms=2)
    )

    assert (added.instances, added.spanning_rooms) == (["a", "b", "c"], 3)


def test_findings_are_counted_by_kind_and_by_rule() -> None:
    fields: dict[str, Any] = {
        "findings_by_kind": {"lost": 2, "duplicated": 1},
        "safety_by_rule": {"DELIVER-3": 1},
        "liveness_by_rule": {"DELIVER-1": 2},
    }
    added = totals(report("w1", **fields), report("w2", **fields))

    assert added.findings_by_kind == {"lost": 4, "duplicated": 2}
    assert (added.safety_by_rule, added.liveness_by_rule) == ({"DELIVER-3": 2}, {"DELIVER-1": 4})


def test_findings_of_the_ramp_up_count() -> None:
    assert (
        totals(
            report(is_measured=False, findings_by_kind={"lost": 2}, liveness_by_rule={"DELIVER-1": 2})
        ).findings_by_kind[Kind.LOST]
        == 2
    )


def test_only_the_first_findings_of_each_kind_are_kept() -> None:
    many = [lost(number) for number in range(KEPT_FINDINGS)]
    added = totals(report("w1", findings=many), report("w2", findings=[*many, doubled()]), report("w1", findings=many))

    assert added.findings == [*many, doubled()]


def test_each_reason_is_kept_once() -> None:
    added = totals(
        report("w1", unanswered_reasons=["timed out"], refusal_reasons=["status 503"]),
        report("w2", unanswered_reasons=["timed out", "reset"], refusal_reasons=["status 503"]),
    )

    assert (added.unanswered_reasons, added.refusal_reasons) == (["timed out", "reset"], ["status 503"])


def test_only_the_first_reasons_are_kept() -> None:
    added = totals(*(report(unanswered_reasons=[f"{second}/{number}" for number in range(5)]) for second in range(10)))

    assert len(added.unanswered_reasons) == KEPT_REASONS
    assert added.unanswered_reasons[0] == "0/0"


def test_an_interval_begins_when_it_is_cleared() -> None:
    added = totals(
        report(
            "w1",
            sent=1,
            delivered=10,
            lag_ms=7.0,
            cpu=0.9,
            findings_by_kind={Kind.LOST: 9},
            times={Timing.DELIVER: {MS: 10}},
        )
    )
    added.interval.clear()
    added.add(report("w1", sent=2, delivered=20, lag_ms=3.0, times={Timing.DELIVER: {MS: 20}}))
    added.add(report("w2", sent=3, delivered=30, lag_ms=5.0, cpu=0.4, times={Timing.DELIVER: {MS: 30}}))
    added.add(report("w1", cpu=0.1, findings_by_kind={Kind.LOST: 2, Kind.DUPLICATED: 1}))
    interval = added.interval

    assert (interval.sent, interval.delivered, interval.lag_ms, interval.deliver) == (5, 50, 5.0, {MS: 50})
    assert (interval.cpu, interval.findings) == (0.4, 3)


def test_the_cost_of_the_generator_is_reported() -> None:
    added = totals(
        report("w1", delivered=1_000, cpu_seconds=0.01, lag_p99_ms=2.0, rss_grown=300_000, sockets=10),
        report("w2", delivered=1_000, cpu_seconds=0.02, lag_p99_ms=4.0, rss_grown=100_000, sockets=10),
    )

    assert added.generator() == {"cpu_us_per_delivery": 15.0, "lag_ms_p99": 4.0, "rss_bytes_per_socket": 20_000}


def test_an_idle_generator_has_no_cost_to_report() -> None:
    assert set(RunTotals().generator().values()) == {None}
