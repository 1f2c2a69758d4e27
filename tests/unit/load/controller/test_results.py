"""The results of a run: a file of JSON lines, and a text on the terminal."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from roomproof.client.target import Target, UsageError
from roomproof.history import Received
from roomproof.judge.findings import Finding, Kind
from roomproof.load.controller.results import COUNT_KEYS, FINDING_KEYS, LoadResults, counts_of, text_of
from roomproof.load.figures.bisection import Bisection
from roomproof.load.figures.metrics import Count, Timing
from roomproof.load.figures.totals import RunTotals
from roomproof.load.options import LoadOptions
from roomproof.report.saved_histogram import histogram_of
from roomproof.report.saved_run import read_run
from roomproof.report.schema import schema_of
from roomproof.spec.rules import Capability, read_protocol
from roomproof.verdict import Conclusion, Standing, Verdict
from tests.unit.load.reports import MS, doubled, lost, report, totals

PROTOCOL = read_protocol()
VALID = Verdict(Conclusion.VALID, "the server holds all of the 9 MUSTs", True, {"DELIVER-1": Standing.HELD})
INVALID = Verdict(Conclusion.INVALID, "the server breaks DELIVER-1", True, {"DELIVER-1": Standing.BROKEN})
TARGET = Target("http://chat.test", {Capability.HEARTBEAT: 30.0}, headers={"Authorization": "Bearer secret"})
OPTIONS = LoadOptions(TARGET, room_size=10, rate=2.0, message_bytes=120, objectives=[], seed="soup")
TALK = report(
    sent=5,
    delivered=50,
    sent_late=1,
    sends_dropped=2,
    sockets=10,
    rooms=1,
    lag_ms=1.234,
    cpu=0.5,
    times={Timing.DELIVER: {2 * MS: 50}},
)


def written(path: Path, write: Callable[[LoadResults], None]) -> dict[str, Any]:
    """Return the line before the verdict in a result file."""
    results = LoadResults.create(path)
    write(results)
    results.verdict(VALID, PROTOCOL, RunTotals())
    line: dict[str, Any] = json.loads(path.read_text().splitlines()[-2])
    return line


def test_the_file_begins_with_the_run_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    line = written(path, lambda results: results.run(PROTOCOL, OPTIONS))

    assert (line["kind"], line["tool"], line["target"], line["partial"]) == ("run", "roomproof", TARGET.url, True)
    assert (line["seed"], line["room_size"], line["rate"]) == ("soup", 10, 2.0)
    assert line["capabilities"] == ["heartbeat=30"]
    assert "secret" not in path.read_text()


def test_each_second_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    line = written(path, lambda results: results.interval(totals(TALK), 7))

    assert line == {
        "kind": "interval",
        "second": 7,
        "sent": 5,
        "delivered": 50,
        "sockets": 10,
        "p50": 2 * MS,
        "p99": 2 * MS,
        "lag_ms": 1.23,
        "cpu": 0.5,
        "findings": 0,
    }


def test_a_second_without_deliveries_has_no_percentiles(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    line = written(path, lambda results: results.interval(RunTotals(), 1))

    assert (line["delivered"], line["p50"], line["p99"]) == (0, None, None)


def test_findings_have_their_witnesses(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    witness = (Received(1, 7, text="soup"),)
    line = written(
        path,
        lambda results: results.findings([Finding(Kind.DUPLICATED, "DELIVER-3", 1, "twice", 2, 3, witness=witness)]),
    )

    assert line["witness"] == [{"kind": "received", "connection": 1, "at": 7, "text": "soup"}]
    del line["witness"]
    assert line == {
        "kind": "finding",
        "finding": "duplicated",
        "rule": "DELIVER-3",
        "receiver": 1,
        "text": "twice",
        "detail": "",
        "stream": 2,
        "item": 3,
    }


def test_the_file_ends_with_the_verdict_and_its_figures(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    LoadResults.create(path).verdict(VALID, PROTOCOL, totals(TALK))
    (line,) = map(json.loads, path.read_text().splitlines())

    assert (line["kind"], line["verdict"], line["reason"]) == ("verdict", "valid", VALID.reason)
    assert line["rules"]["DELIVER-1"] == {"level": "MUST", "outcome": "held"}
    assert line["latency_us"]["p99"] == pytest.approx(2 * MS, rel=0.01)
    assert line["times_us"].keys() == {"connect", "join", "last_recipient", "spread"}
    assert (line["rate"], line["sockets"], line["rooms"], line["instances"]) == (50.0, 10, 1, [])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with every kind of line."""
    path = tmp_path / "run.jsonl"
    results = LoadResults.create(path)
    results.run(PROTOCOL, OPTIONS)
    results.interval(totals(TALK, report(findings_by_kind={Kind.LOST: 4})), 7)
    results.findings([Finding(Kind.DUPLICATED, "DELIVER-3", 1, "twice", witness=(Received(1, 7, text="soup"),))])
    results.step(20, INVALID, totals(TALK))
    results.conclude_search(INVALID, PROTOCOL, Bisection(20, 100, 10), (INVALID, totals(TALK)))
    return path


def test_the_schema_describes_all_that_a_run_wrote(path: Path) -> None:
    schema = schema_of("result")
    described = [one["properties"] for one in schema["$defs"].values() if "properties" in one]
    keys = {one["kind"]["enum"][0]: one.keys() for one in described if "kind" in one}

    for line in map(json.loads, path.read_text().splitlines()):
        jsonschema.validate(line, schema)
        assert line.keys() <= keys[line["kind"]]


def test_reports_read_all_that_a_run_wrote(path: Path) -> None:
    run = read_run("run", path.read_bytes().splitlines(keepends=True))

    assert (run.is_load, run.intervals[0].findings, run.intervals[0].cpu) == (True, 4, 0.5)
    assert run.findings[0].witness == [Received(1, 7, text="soup")]
    assert (run.steps[0].users, run.steps[0].rate) == (20, 50.0)
    times = histogram_of(run)
    assert times is not None
    assert (times.get_total_count(), times.get_value_at_percentile(99)) == (50, pytest.approx(2 * MS, rel=0.01))
    assert histogram_of(run, "join") is None


def test_counts_include_every_kind_of_finding() -> None:
    counts = counts_of(totals(TALK, report(findings_by_kind={Kind.MISSING_NOTICE: 4})))

    assert (counts["sent"], counts["late_sends"], counts["dropped_sends"]) == (5, 1, 2)
    assert counts["notice_missing"] == 4
    assert not counts.keys() & {"late", "blocked"}


def test_every_counter_and_every_kind_has_a_key_of_its_own() -> None:
    assert set(COUNT_KEYS) == set(Count)
    assert set(FINDING_KEYS) == set(Kind)
    assert len(counts_of(RunTotals())) == len(Count) + len(Kind)


def test_dropped_connections_are_not_dropped_sends() -> None:
    counts = counts_of(totals(TALK, report(findings_by_kind={Kind.DROPPED: 4})))

    assert (counts["dropped"], counts["dropped_sends"]) == (4, 2)


def test_a_file_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "run.jsonl"
    with pytest.raises(UsageError) as refusal:
        LoadResults.create(path)

    assert str(refusal.value) == f"cannot write the result file {path}: No such file or directory"


def test_the_text_ends_with_the_verdict() -> None:
    lines = text_of(VALID, totals(TALK), []).splitlines()

    assert lines[-1] == "VALID: the server holds all of the 9 MUSTs"
    assert lines[-2].strip() == "5 sent, 50 delivered and verified, 10 sockets, 1 room, 1 late and 2 dropped sends"
    assert lines[-3] == "  deliver         p50 2 ms, p90 2 ms, p99 2 ms, p999 2 ms, max 2 ms"


def test_times_without_a_measurement_are_not_printed() -> None:
    assert "connect" not in text_of(VALID, totals(TALK), [])


def test_missed_objectives_are_printed() -> None:
    assert "  rate>9 is missed: rate is 1\n" in text_of(INVALID, totals(TALK), ["rate>9 is missed: rate is 1"])


def test_the_first_findings_of_each_kind_are_printed() -> None:
    many = [*(lost(number) for number in range(5)), doubled(7)]
    text = text_of(INVALID, totals(report(findings=many, findings_by_kind={Kind.LOST: 9, Kind.DUPLICATED: 1})), [])

    assert text.count("lost (DELIVER-1), at connection") == 3
    assert "  lost (DELIVER-1), at connection 0: soup is lost\n" in text
    assert "  ... and 6 more of the kind lost\n" in text
    assert "  duplicated (DELIVER-3), at connection 7: soup came twice\n" in text
    assert "more of the kind duplicated" not in text


def test_a_finding_names_the_user_who_received() -> None:
    found = report(findings=[lost(3), lost(4)], findings_by_kind={Kind.LOST: 2}, users={3: "alice"})
    text = text_of(INVALID, totals(found), [])

    assert "  lost (DELIVER-1), at user alice: soup is lost\n" in text
    assert "  lost (DELIVER-1), at connection 4: soup is lost\n" in text


def test_a_message_that_never_arrived_was_not_read_too_late() -> None:
    text = text_of(INVALID, totals(report(untimed=2)), [])

    assert "  2 messages without a time at the last recipient, whom they reached late, altered or not at all\n" in text


def test_the_first_finding_of_a_kind_has_its_witness() -> None:
    finding = Finding(Kind.LOST, "DELIVER-1", 4, "soup is lost", witness=(Received(4, 2_500_000_000, text="bread"),))
    text = text_of(INVALID, totals(report(findings=[finding], findings_by_kind={Kind.LOST: 1})), [])

    assert "0.0000  #4  < bread" in text


def test_control_characters_of_a_server_are_escaped() -> None:
    finding = Finding(Kind.LOST, "DELIVER-1", 4, "\x1b[2J is lost", witness=(Received(4, 0, text="\x1b[2J"),))

    assert "\x1b" not in text_of(INVALID, totals(report(findings=[finding], findings_by_kind={Kind.LOST: 1})), [])
