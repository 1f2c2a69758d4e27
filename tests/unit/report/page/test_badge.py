"""The badge says the verdict, and never more than the runs showed."""

from xml.etree import ElementTree

import pytest

from roomproof.report.page.badge import badge, badge_text
from roomproof.report.saved_run import SavedRun
from roomproof.spec.rules import read_protocol
from tests.unit.report.saved import FAILED, INVALID, RUN, VALID, saved

PROTOCOL = read_protocol()

GOOD, BAD, KILLED = saved(RUN, VALID), saved(RUN, INVALID), saved(RUN, FAILED)

PARTIAL = saved(RUN, VALID | {"partial": True})

UNCLEAR = saved(RUN, VALID | {"verdict": "inconclusive"})


@pytest.mark.parametrize(
    ("runs", "text"),
    [
        pytest.param([GOOD], "valid, 2 MUSTs", id="valid"),
        pytest.param([PARTIAL], "valid, 2 MUSTs of a part", id="partial"),
        pytest.param([GOOD, PARTIAL], "valid, 2 MUSTs", id="whole and partial"),
        pytest.param([BAD], "invalid, 1 MUST broken", id="invalid"),
        pytest.param([UNCLEAR], "inconclusive", id="inconclusive"),
        pytest.param([KILLED], "inconclusive", id="killed"),
        pytest.param([GOOD, KILLED], "inconclusive", id="one killed"),
        pytest.param([GOOD, KILLED, BAD], "invalid, 1 MUST broken", id="the worst counts"),
    ],
)
def test_a_badge_has_the_worst_verdict(runs: list[SavedRun], text: str) -> None:
    assert badge_text(runs, PROTOCOL) == text


def test_a_badge_is_an_image_with_its_text_as_name() -> None:
    image = ElementTree.fromstring(badge([GOOD], PROTOCOL))

    assert image.get("aria-label") == "roomproof: valid, 2 MUSTs"
    assert [text.text for text in image.iter("{http://www.w3.org/2000/svg}text")] == ["roomproof", "valid, 2 MUSTs"]
