"""The rules and times that both judges apply to a service that lacks something."""

from collections.abc import Iterable
from functools import cache

from roomproof.judge.facts import NS_PER_S
from roomproof.spec.limits import ANSWER_S
from roomproof.spec.rules import read_protocol

MEMBERSHIP_NS = round(ANSWER_S * NS_PER_S)
"""Time in nanoseconds from a handshake until its connection is a member. Only services without an echo need it."""


@cache
def _inapplicable(without: frozenset[str]) -> frozenset[str]:
    rules = read_protocol().rules.values()
    return frozenset(rule.id for rule in rules if not rule.needs.isdisjoint(without))


def inapplicable_rules(without: Iterable[str]) -> frozenset[str]:
    """Return the rules that say nothing about a service that lacks this."""
    return _inapplicable(frozenset(without))
