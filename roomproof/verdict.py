"""Sums up the outcomes of scenarios in one verdict. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from roomproof.dialects.dialect import NATIVE
from roomproof.spec.rules import Capability, Level, Need, Protocol, Rule


class Outcome(StrEnum):
    """How one scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    WARNED = "warned"
    """The server broke only rules that are no MUST."""
    DEVIATING = "deviating"
    """The server broke only rules that it is known to break."""
    NOT_APPLICABLE = "not_applicable"
    """The scenario is about something that the target does not declare or cannot show."""
    NOT_RUN = "not_run"
    """The scenario was deselected, or the run ended before its turn."""


class Standing(StrEnum):
    """The state of one rule after a run."""

    HELD = "held"
    BROKEN = "broken"
    WARNED = "warned"
    DEVIATING = "deviating"
    UNTESTED = "untested"
    NOT_APPLICABLE = "not_applicable"


class Conclusion(StrEnum):
    """The three possible verdicts of a run."""

    VALID = "valid"
    INVALID = "invalid"
    INCONCLUSIVE = "inconclusive"


EXIT_CODES = {Conclusion.VALID: 0, Conclusion.INVALID: 1, Conclusion.INCONCLUSIVE: 3}
"""The exit code of every Roomproof command, by verdict."""


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """The outcome of one scenario, and what it found out about rules.

    `held` are those of its own `rules` that it exercised to the end. All others can be any rules.
    """

    id: str
    rules: tuple[str, ...]
    outcome: Outcome
    seconds: float = 0.0
    detail: str = ""
    held: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()
    deviating: tuple[str, ...] = ()
    """Rules that the server broke, as is known."""
    untested: tuple[str, ...] = ()
    """Rules that the scenario could not test.

    Their failures follow from other rules, or the scenario could not be played.
    """
    consequences: Mapping[str, str] = field(default_factory=dict)
    """For each rule whose failure follows from another, the broken rule from which it follows."""


@dataclass(frozen=True, slots=True)
class Expressible:
    """The number of MUSTs of PROTOCOL.md that a dialect can express.

    A verdict is only about them.
    """

    dialect: str
    without: tuple[str, ...]
    """The needs that the service lacks."""
    musts: int
    of: int

    @property
    def sentence(self) -> str:
        """The number in words."""
        who = "a service" if self.dialect == NATIVE else f"the dialect {self.dialect}"
        lacking = f" without {', '.join(self.without)}" if self.without else ""
        return f"{who}{lacking} can express {self.musts} of the {self.of} MUSTs of PROTOCOL.md"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The conclusion of a run, a sentence that explains it, and every rule's standing."""

    conclusion: Conclusion
    reason: str
    partial: bool
    rules: dict[str, Standing] = field(default_factory=dict)
    expressible: Expressible | None = None
    """None where the service speaks as PROTOCOL.md says, and lacks nothing."""

    @property
    def exit_code(self) -> int:
        """0 valid, 1 invalid, 3 inconclusive."""
        return EXIT_CODES[self.conclusion]

    @property
    def sentence(self) -> str:
        """The line that a run prints at its end."""
        return f"{self.conclusion.upper()}: {self.reason}"


def outcome_of(broken: Iterable[str], protocol: Protocol) -> Outcome:
    """Return the outcome of a scenario in which the server broke only these rules."""
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
    without: Iterable[Need] = (),
    dialect: str = NATIVE,
    remarks: Sequence[str] = (),
) -> Verdict:
    """Sum up a run.

    `trouble` says why the run itself is not reliable, such as an unreachable target or an internal error. `broken` are
    rules that were seen broken outside any scenario. `complaints` are about the known deviations. `without` is what the
    service lacks, and `dialect` the name of its dialect. `remarks` say under which circumstances the run was made. The
    verdict is

    - invalid if a MUST is broken, whatever the trouble, or if there are complaints;
    - inconclusive if there is trouble, if nothing was exercised, or if a run that is not partial left an applicable
      MUST untested;
    - valid otherwise.
    """
    results = list(results)
    lacking = set(without)
    is_native = not lacking and dialect == NATIVE
    inapplicable = _inapplicable(results)
    standings = _standings(protocol, results, set(capabilities), set(broken), lacking, is_native=is_native)
    expressible = None if is_native else _expressible(protocol, dialect, lacking, inapplicable)
    closing = [*([expressible.sentence] if expressible and results else []), *remarks]

    def verdict(conclusion: Conclusion, reason: str) -> Verdict:
        return Verdict(conclusion, "; ".join([reason, *closing]), partial, standings, expressible)

    musts = {rule.id: standings[rule.id] for rule in protocol.rules.values() if rule.level is Level.MUST}
    if reason := _why_invalid(musts, trouble, complaints):
        return verdict(Conclusion.INVALID, reason)
    if reason := trouble or _why_inconclusive(standings, musts, results, partial=partial):
        return verdict(Conclusion.INCONCLUSIVE, reason)
    deviating = sorted({rule for result in results for rule in result.deviating})
    return verdict(Conclusion.VALID, _valid_reason(standings, musts, deviating))


def _why_invalid(musts: dict[str, Standing], trouble: str | None, complaints: Sequence[str]) -> str | None:
    if broken := _with(musts, Standing.BROKEN):
        return f"the server breaks {_names(broken)}" + (f"; besides, {trouble}" if trouble else "")
    return "; ".join(complaints) or None


def _why_inconclusive(
    standings: dict[str, Standing], musts: dict[str, Standing], results: Sequence[ScenarioResult], *, partial: bool
) -> str | None:
    if not set(standings.values()) & {Standing.HELD, Standing.DEVIATING, Standing.WARNED}:
        return "nothing was exercised: no scenario ran to its end" if results else "no scenario was selected"
    if not partial and (untested := _with(musts, Standing.UNTESTED)):
        return f"applicable but not exercised: {_names(untested)}"
    return None


def _valid_reason(standings: dict[str, Standing], musts: dict[str, Standing], deviating: list[str]) -> str:
    match len(_with(musts, Standing.HELD)):
        case 0:
            reason = "the server was not seen to hold any MUST"
        case 1:
            reason = "the server holds the 1 MUST that was tested"
        case count:
            reason = f"the server holds all of the {count} MUSTs that were tested"
    if deviating:
        reason += f", with known deviations from {_names(deviating)}"
    if warned := _with(standings, Standing.WARNED):
        reason += f", with warnings for {_names(warned)}"
    return reason


def _expressible(protocol: Protocol, dialect: str, lacking: set[Need], inapplicable: set[str]) -> Expressible:
    """Return how many MUSTs a dialect can express.

    A rule without a capability of which no scenario applies is one that the dialect cannot express either.
    """
    musts = [rule for rule in protocol.rules.values() if rule.level is Level.MUST]
    untold = {rule.id for rule in musts if rule.capability is None} & inapplicable
    count = sum(rule.needs.isdisjoint(lacking) and rule.id not in untold for rule in musts)
    return Expressible(dialect, tuple(sorted(lacking)), count, len(musts))


def _with(standings: dict[str, Standing], standing: Standing) -> list[str]:
    """Return the rules that have a standing, in the order of the protocol."""
    return [rule for rule, its_standing in standings.items() if its_standing is standing]


def _standings(
    protocol: Protocol,
    results: Sequence[ScenarioResult],
    declared: set[Capability],
    broken: set[str],
    lacking: set[Need],
    *,
    is_native: bool,
) -> dict[str, Standing]:
    """Return the standing of each rule of the protocol."""
    broken = broken | {rule for result in results for rule in result.broken}
    untested = {rule for result in results for rule in result.untested}
    held = {rule for result in results for rule in result.held} - untested
    deviating = {rule for result in results for rule in result.deviating}
    inapplicable = _inapplicable(results)
    return {
        rule.id: Standing.NOT_APPLICABLE
        if not rule.needs.isdisjoint(lacking) or (not is_native and rule.id in inapplicable - broken - deviating)
        else _standing(rule, declared, held, broken, deviating, inapplicable)
        for rule in protocol.rules.values()
    }


def _inapplicable(results: Iterable[ScenarioResult]) -> set[str]:
    """Return the rules of which every scenario was found not to apply."""
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
