"""Objectives: which are accepted, how others are refused, and when one is missed."""

import pytest

from roomproof.load.figures.objectives import ObjectiveError, missed, parse, unmeasured


@pytest.mark.parametrize(
    ("text", "figure", "sign", "bound"),
    [
        ("deliver.p99<250ms", "deliver.p99", "<", 250_000),
        ("deliver.p50<=40us", "deliver.p50", "<=", 40),
        ("deliver.p90<1.5s", "deliver.p90", "<", 1_500_000),
        ("deliver.p999<0.5ms", "deliver.p999", "<", 500),
        ("deliver.max<2s", "deliver.max", "<", 2_000_000),
        ("connect.p99<1s", "connect.p99", "<", 1_000_000),
        ("join.p99<1s", "join.p99", "<", 1_000_000),
        ("last_recipient.p99<1s", "last_recipient.p99", "<", 1_000_000),
        ("spread.p99<1s", "spread.p99", "<", 1_000_000),
        ("deliver.p50>1us", "deliver.p50", ">", 1),
        ("rate>1000", "rate", ">", 1_000),
        ("rate>=0.5", "rate", ">=", 0.5),
        ("sockets>=200", "sockets", ">=", 200),
        (" deliver.p99 < 250 ms ", "deliver.p99", "<", 250_000),
    ],
)
def test_an_objective_is_read(text: str, figure: str, sign: str, bound: float) -> None:
    objective = parse(text)

    assert (objective.figure, objective.sign, objective.bound, objective.text) == (figure, sign, bound, text.strip())


@pytest.mark.parametrize(
    "text", ["", "fast", "deliver.p99", "deliver.p99=1s", "deliver.p99<", "<1s", "rate>-1", "rate>1e3"]
)
def test_a_text_that_is_no_objective_is_refused(text: str) -> None:
    with pytest.raises(ObjectiveError) as refusal:
        parse(text)

    assert str(refusal.value) == f"expected an objective like deliver.p99<250ms or rate>1000, got {text!r}"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("rate>1000ms", "expected rate with a plain number, like rate>1000", id="an amount in time"),
        pytest.param("sockets.p99>10", "expected sockets with a plain number", id="a percentile of an amount"),
        pytest.param(
            "latency.p99<1s",
            "expected an objective about one of deliver, connect, join, last_recipient, spread, rate, sockets",
            id="an unknown figure",
        ),
        pytest.param(
            "deliver<1s", "expected deliver with one of p50, p90, p99, p999, max, like deliver.p99", id="no percentile"
        ),
        pytest.param("join.p95<1s", "expected join with one of p50, p90, p99, p999, max", id="an unknown percentile"),
        pytest.param("deliver.p99<250", "expected a time in us, ms or s, like deliver.p99<250ms", id="no unit"),
        pytest.param("deliver.p99<2m", "expected a time in us, ms or s, like deliver.p99<250ms", id="an unknown unit"),
    ],
)
def test_an_objective_without_sense_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ObjectiveError) as refusal:
        parse(text)

    assert str(refusal.value).startswith(sentence)
    assert str(refusal.value).endswith(f", got {text!r}")


@pytest.mark.parametrize(
    ("sign", "met"),
    [
        ("<", [True, False, False]),
        ("<=", [True, True, False]),
        (">", [False, False, True]),
        (">=", [False, True, True]),
    ],
)
def test_the_bound_itself_meets_only_signs_with_equality(sign: str, met: list[bool]) -> None:
    objective = parse(f"rate{sign}100")

    assert [objective.is_met_by(value) for value in (99.9, 100, 100.1)] == met


def test_a_time_is_compared_in_its_unit() -> None:
    assert missed([parse("deliver.p99<250ms")], {"deliver.p99": 249_999}) == []


def test_a_missed_time_has_its_sentence() -> None:
    assert missed([parse("deliver.p99<250ms")], {"deliver.p99": 1_260_000}) == [
        "deliver.p99<250ms is missed: deliver.p99 is 1.26 s"
    ]


def test_a_missed_amount_has_its_sentence() -> None:
    assert missed([parse("rate>1000")], {"rate": 812.5}) == ["rate>1000 is missed: rate is 812.5"]


@pytest.mark.parametrize("figures", [{}, {"rate": None}], ids=["unknown", "never measured"])
def test_an_objective_without_a_figure_is_unmeasured(figures: dict[str, float | None]) -> None:
    objectives = [parse("rate<9")]

    assert missed(objectives, figures) == []
    assert [sentence.split(",")[0] for sentence in unmeasured(objectives, figures)] == [
        "nothing was measured for rate<9"
    ]


def test_an_objective_with_a_figure_is_measured() -> None:
    assert unmeasured([parse("rate<9")], {"rate": 0.0}) == []


def test_each_missed_objective_has_its_sentence() -> None:
    objectives = [parse("rate>10"), parse("sockets>=2"), parse("join.max<1s")]

    sentences = missed(objectives, {"rate": 1.0, "sockets": 2, "join.max": 2e6})

    assert [sentence.split(" ")[0] for sentence in sentences] == ["rate>10", "join.max<1s"]
