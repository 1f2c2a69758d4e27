"""Lines of charts are paths with a sentence about them."""

from roomproof.report.page.line_chart import Axis, LineChart, Series, line_chart

X, Y = Axis("seconds"), Axis("sockets")


def chart(*series: Series, y: Axis = Y) -> LineChart:
    made = line_chart("Open sockets", X, y, series)
    assert made is not None
    return made


def test_a_line_goes_from_corner_to_corner() -> None:
    made = chart(Series("sockets", [(0, 0), (10, 100)]))

    assert [stroke.path for stroke in made.strokes] == ["M66 218L620 10"]
    assert made.summary == "sockets: 0 to 100, highest at 10"
    assert (made.y_ticks[-1].text, made.y_ticks[-1].place) == ("100", 10)


def test_a_missing_value_interrupts_the_line() -> None:
    path = chart(Series("p99", [(0, 5), (1, None), (2, 5), (3, 5)])).strokes[0].path

    assert (path.count("M"), path.count("L")) == (2, 1)


def test_stems_have_a_stroke_for_each_value_above_zero() -> None:
    made = chart(Series("findings", [(0, 0), (1, 3), (2, 1)], is_stems=True))

    assert made.strokes[0].path.count("V") == 2
    assert made.summary == "findings: 4 in all, most at 1"


def test_a_zero_has_a_place_on_a_logarithmic_axis() -> None:
    made = chart(Series("latency", [(0, 0), (1, 1_000)]), y=Axis("latency", is_log=True))

    assert made.strokes[0].path.startswith("M66 218L")


def test_a_chart_without_a_value_does_not_exist() -> None:
    assert line_chart("Nothing", X, Y, [Series("nothing", [(1, None)]), Series("less", [])]) is None


def test_a_single_point_can_be_seen() -> None:
    assert chart(Series("one", [(3, 7)])).strokes[0].path.endswith("h2")
