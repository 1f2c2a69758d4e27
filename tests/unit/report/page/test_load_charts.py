"""Load runs become charts, alone or laid over one another."""

from roomproof.report.page.line_chart import LineChart
from roomproof.report.page.load_charts import SHOWN_POINTS, load_charts
from roomproof.report.saved_run import SavedRun
from tests.unit.report.saved import LOAD, LOADED, interval, saved

OLD = saved(LOAD, interval(1), interval(2), LOADED, name="old")


def charts(*runs: SavedRun) -> dict[str, LineChart]:
    return {chart.title: chart for chart in load_charts(runs)}


def test_one_run_shows_its_median_and_its_99th_percentile() -> None:
    assert [stroke.name for stroke in charts(OLD)["Latency of deliveries"].strokes] == ["p50", "p99"]


def test_several_runs_are_laid_over_one_another() -> None:
    new = saved(LOAD, interval(1), LOADED, name="new")

    assert [stroke.name for stroke in charts(OLD, new)["Latency of deliveries"].strokes] == ["p99, old", "p99, new"]
    assert [stroke.name for stroke in charts(OLD, new)["Open sockets"].strokes] == ["sockets, old", "sockets, new"]


def test_percentiles_of_the_verdict_make_a_curve() -> None:
    curve = charts(OLD)["Latency by percentile"]

    assert curve.summary == "deliver: 1.8 ms to 12 ms, highest at max"
    assert [tick.text for tick in curve.x_ticks] == ["0", "50", "90", "99", "99.9", "max"]


def test_figures_that_a_file_lacks_have_no_chart() -> None:
    assert not {"Findings", "CPU of the busiest generator process"} & charts(OLD).keys()


def test_findings_and_the_generator_are_on_the_time_axis() -> None:
    run = saved(LOAD, interval(1, findings=0, cpu=0.5), interval(2, findings=3, cpu=0.25), LOADED)

    assert charts(run)["Findings"].summary == "findings: 3 in all, most at 2"
    assert charts(run)["CPU of the busiest generator process"].summary == "% of a core: 25 to 50, highest at 1"


def test_a_long_run_is_drawn_in_larger_steps() -> None:
    run = saved(LOAD, *(interval(second, p99=9_000_000 if second == 77 else 1_000) for second in range(5_000)), LOADED)

    latency = charts(run)["Latency of deliveries"]
    assert latency.strokes[1].path.count("L") < SHOWN_POINTS
    assert "p99: 1 ms to 9 s" in latency.summary


def test_a_killed_run_still_has_its_seconds() -> None:
    assert charts(saved(LOAD, interval(1), interval(2))).keys() >= {"Latency of deliveries", "Open sockets"}
