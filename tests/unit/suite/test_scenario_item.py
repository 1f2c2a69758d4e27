"""The id of a scenario does not depend on the folder pytest was started in."""

import pytest

from roomproof.suite.scenario_item import scenario_id


@pytest.mark.parametrize(
    "nodeid", ["test_x.py::test_y[a/b]", "scenarios/test_x.py::test_y[a/b]", "../a/scenarios/test_x.py::test_y[a/b]"]
)
def test_the_id_has_file_test_and_case(nodeid: str) -> None:
    assert scenario_id(nodeid) == "test_x.py::test_y[a/b]"
