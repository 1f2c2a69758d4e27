"""The command that runs a scenario again repeats the options, but no secret."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from roomproof.suite.rerun_command import rerun_command, rule_command

DEFAULTS: dict[str, Any] = {
    "topology": None,
    "affinity": None,
    "target": None,
    "capability": [],
    "without": [],
    "header": [],
    "ca": None,
    "exclusive": False,
    "deflate": False,
    "deadline": 5.0,
    "deviations": None,
    "idle": 0.0,
}


@pytest.mark.parametrize(
    ("options", "command"),
    [
        pytest.param({}, "", id="none"),
        pytest.param({"topology": "pubsub"}, " --topology pubsub", id="a topology"),
        pytest.param(
            {"topology": "sticky", "affinity": "cookie"}, " --topology sticky --affinity cookie", id="an affinity"
        ),
        pytest.param(
            {"target": "http://h", "capability": ["fetch"], "ca": "ca.pem", "exclusive": True, "deadline": 1.5},
            " --target http://h --capability fetch --ca ca.pem --exclusive --deadline 1.5",
            id="a target",
        ),
        pytest.param({"deflate": True}, " --deflate", id="compression"),
        pytest.param({"header": ["X-Token: secret"]}, ' --header "X-Token: $X_TOKEN"', id="a secret header"),
        pytest.param({"header": ["$(id): x"]}, " --header '$(id): '\"$__ID_\"", id="a header that a shell would run"),
        pytest.param(
            {"without": ["echo"], "deviations": "my known.toml"},
            " --without echo --deviations 'my known.toml'",
            id="what is lacking and known",
        ),
    ],
)
def test_options_are_repeated(options: dict[str, Any], command: str) -> None:
    config = configured(options)

    assert rerun_command(config, "test_x.py::test_y[a]") == f"roomproof verify 'test_x.py::test_y[a]'{command}"
    assert rule_command(config, "ORDER-1") == f"roomproof verify --rule ORDER-1{command} -v"


def test_a_rule_that_its_own_scenarios_keep_is_shown_by_another() -> None:
    command = rule_command(configured({}), "ORDER-1", "test_x.py::test_y[a]")

    assert command == "roomproof verify 'test_x.py::test_y[a]' -v"


def configured(options: dict[str, Any]) -> pytest.Config:
    given = {f"roomproof_{name}": value for name, value in (DEFAULTS | options).items()}
    return cast("pytest.Config", SimpleNamespace(option=SimpleNamespace(**given)))
