"""From the outcomes of scenarios to one verdict. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from roomproof.spec.rules import Capability, Level, Protocol, Rule


class Outcome(StrEnum):
    """How one scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    """It broke nothing but SHOULDs."""
    DEVIATING = "deviating"
    """It broke nothing but what is known to be broken."""
    NOT_APPLICABLE = "not_applicable"
    """The target does not declare the capability that it is about."""
    NOT_RUN = "not_run"
    """Asked off by hand, or the run ended before its turn."""


class Standing(StrEnum):
    """What a run found out about one rule."""

    HELD = "held"
    BROKEN = "broken"
    WARNED = "warned"
    DEVIATING = "deviating"
    UNTESTED = "untested"
    NOT_APPLICABLE = "not_applicable"


class Conclusion(StrEnum):
    """What a run is worth."""

    VALID = "valid"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES = {Conclusion.VALID: 0, Conclusion.INVALID: 1, Conclusion.INCONCLUSIVE: 3}
"""The exit code of every Roomproof tool, by verdict."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """How one scenario ended, which of its rules it exercised to the end, and which rules, its own or not, it broke."""

    id: str
    rules: tuple[str, ...]
    outcome: Outcome
    seconds: float = 0.0
    detail: str = ""
    held: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    deviating: tuple[str, ...] = ()
    """Rules that it broke as it is known to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of a run, the one sentence that explains it, and the standing of every rule."""

    conclusion: Conclusion
    reason: str
    partial: bool
    rules: dict[str, Standing] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid, 3 inconclusive."""
        return EXIT_CODES[self.conclusion]

    @property
    def sentence(self) -> str:
        """What a run says at its end."""
        return f"{self.conclusion.upper()}: {self.reason}"


def outcome_of(broken: Iterable[str], protocol: Protocol) -> Outcome:
    """The outcome of a scenario that broke these rules."""
    levels = {protocol.rules[rule].level for rule in broken}
    if not levels:
        return Outcome.PASSED
    return Outcome.FAILED if Level.MUST in levels else Outcome.WARNED


def conclude(
    protocol: Protocol,
    results: Iterable[ScenarioResult],
    capabilities: Iterable[Capability],
    *,
    partial: bool = False,
    trouble: str | None = None,
    broken: Iterable[str] = (),
    complaints: Sequence[str] = (),
) -> Verdict:
    """Sum up a run.

    `complaints`, what is wrong with the known deviations, fail the run. `trouble` says why the run itself cannot be
    relied on (unreachable target, internal error); `broken` are rules that were seen broken outside any scenario. A
    broken MUST is a fact, trouble or not. A run that exercised nothing, or a whole run that left a MUST untested that
    applies, is inconclusive.
    """
    declared = set(capabilities)
    results = list(results)
    all_broken = {rule for result in results for rule in result.broken} | set(broken)
    held = {rule for result in results for rule in result.held}
    deviating = {rule for result in results for rule in result.deviating}
    inapplicable = _inapplicable(results)
    rules = {
        rule.id: _standing(rule, declared, held, all_broken, deviating, inapplicable)
        for rule in protocol.rules.values()
    }
    musts = [rule for rule in protocol.rules.values() if rule.level is Level.MUST]
    broken_musts = [rule.id for rule in musts if rules[rule.id] is Standing.BROKEN]
    untested = [rule.id for rule in musts if rules[rule.id] is Standing.UNTESTED]
    warned = [rule for rule, standing in rules.items() if standing is Standing.WARNED]

    def verdict(conclusion: Conclusion, reason: str) -> Verdict:
        return Verdict(conclusion, reason, partial, rules)

    if broken_musts:
        besides = f"; besides, {trouble}" if trouble else ""
        return verdict(Conclusion.INVALID, f"the server breaks {_names(broken_musts)}{besides}")
    if complaints:
        return verdict(Conclusion.INVALID, "; ".join(complaints))
    if trouble:
        return verdict(Conclusion.INCONCLUSIVE, trouble)
    if not set(rules.values()) & {Standing.HELD, Standing.DEVIATING, Standing.WARNED}:
        nothing = "no scenario was selected" if not results else "nothing was exercised: no scenario ran to its end"
        return verdict(Conclusion.INCONCLUSIVE, nothing)
    if untested and not partial:
        return verdict(Conclusion.INCONCLUSIVE, f"these rules apply and were not exercised: {_names(untested)}")
    count = sum(1 for rule in musts if rules[rule.id] is Standing.HELD)
    kept = f"holds all of the {count} MUSTs that were tested" if count else "was not seen to hold any MUST"
    reason = f"the server {kept}"
    if deviating:
        reason += f", and deviates from {_names(sorted(deviating))} as is known"
    if warned:
        reason += f", and does not do what it should by {_names(warned)}"
    return verdict(Conclusion.VALID, reason)


def _inapplicable(results: Iterable[ScenarioResult]) -> set[str]:
    """Rules whose scenarios were all found not to apply."""
    applies: dict[str, bool] = {}
    for result in results:
        for rule in result.rules:
            applies[rule] = applies.get(rule, False) or result.outcome is not Outcome.NOT_APPLICABLE
    return {rule for rule, does in applies.items() if not does}


def _standing(
    rule: Rule,
    declared: set[Capability],
    held: set[str],
    broken: set[str],
    deviating: set[str],
    inapplicable: set[str],
) -> Standing:
    if rule.id in broken:
        return Standing.BROKEN if rule.level is Level.MUST else Standing.WARNED
    if rule.id in deviating:
        return Standing.DEVIATING
    if rule.capability is not None and (rule.capability not in declared or rule.id in inapplicable):
        return Standing.NOT_APPLICABLE
    return Standing.HELD if rule.id in held else Standing.UNTESTED


def _names(rules: list[str], most: int = 8) -> str:
    shown = ", ".join(rules[:most])
    return shown if len(rules) <= most else f"{shown} and {len(rules) - most} more"
