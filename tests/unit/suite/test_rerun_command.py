"""The command that runs a scenario again repeats the options, but no secret."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from roomproof.suite.rerun_command import rerun_command

DEFAULTS: dict[str, Any] = {
    "topology": None,
    "affinity": None,
    "target": None,
    "capability": [],
    "header": [],
    "ca": None,
    "exclusive": False,
    "deflate": False,
    "deadline": 5.0,
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
        pytest.param({"header": ["Token: secret"]}, " --header 'Token: ...'", id="a secret header"),
    ],
)
def test_options_are_repeated(options: dict[str, Any], command: str) -> None:
    given = {f"roomproof_{name}": value for name, value in (DEFAULTS | options).items()}
    config = cast("pytest.Config", SimpleNamespace(option=SimpleNamespace(**given)))

    assert rerun_command(config, "test_x.py::test_y[a]") == f"roomproof verify 'test_x.py::test_y[a]'{command}"
