"""A fault lists all rules that it breaks."""

from roomproof.spec.rules import read_protocol
from tests.faults.catalogue import FAULTS
from tests.faults.fault import Fault

FAULT = Fault("x", "A-1", "", lambda: None, also={"A-2": "why"}, perhaps={"A-3": "why"})


def test_a_rule_that_is_not_listed_is_unexpected() -> None:
    assert FAULT.unexpected({"A-1", "A-2", "A-3", "A-4"}) == {"A-4"}


def test_a_listed_rule_has_to_be_broken() -> None:
    assert FAULT.unbroken({"A-1"}) == {"A-2"}
    assert FAULT.unbroken({"A-2", "A-3"}) == {"A-1"}


def test_the_listed_rules_exist_and_have_reasons() -> None:
    for fault in FAULTS.values():
        listed = {**fault.also, **fault.perhaps}
        assert listed.keys() <= read_protocol().rules.keys() - {fault.breaks}, fault.name
        assert all(listed.values()), fault.name
        assert not fault.also.keys() & fault.perhaps.keys(), fault.name
