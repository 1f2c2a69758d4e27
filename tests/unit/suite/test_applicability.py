"""Of rules that come in pairs, those of the declared topology apply."""

import pytest

from roomproof.spec.rules import Capability
from roomproof.suite.applicability import applicable_rules
from roomproof.suite.declared_target import DeclaredTarget

PAIR = ("STICKY-2", "PUBSUB-1")


@pytest.mark.parametrize(
    ("declared", "applicable"),
    [
        pytest.param([], PAIR, id="none declared"),
        pytest.param([Capability.STICKY], ("STICKY-2",), id="sticky"),
        pytest.param([Capability.PUBSUB], ("PUBSUB-1",), id="pubsub"),
    ],
)
def test_the_rules_of_the_declared_topology_apply(declared: list[Capability], applicable: tuple[str, ...]) -> None:
    target = DeclaredTarget("t", dict.fromkeys(declared), has_several_clients=False, can_break=False)

    assert applicable_rules(PAIR, target) == applicable
