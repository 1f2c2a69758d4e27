"""Known deviations: broken rules that a team has decided to live with for now."""

import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path

import msgspec

from roomproof.client.target import UsageError
from roomproof.client.target_file import read_text
from roomproof.verdict import Outcome, ScenarioResult


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known deviation: either of a rule or of a scenario."""

    reason: str
    rule: str | None = None
    scenario: str | None = None
    link: str | None = None

    @property
    def name(self) -> str:
        """The id of the rule or of the scenario."""
        return self.rule or self.scenario or ""

    def covers(self, rule: str, scenario: str) -> bool:
        """Whether it is known that this scenario breaks this rule."""
        return rule == self.rule or scenario == self.scenario


class _File(msgspec.Struct, forbid_unknown_fields=True):
    deviation: list[Deviation] = []


EXAMPLE = '[[deviation]] with rule = "ORDER-1" or scenario = "test_x.py::test_y[case]", reason = "...", link = "..."'


def read_deviations(path: str) -> list[Deviation]:
    """Read the deviations of a TOML file.

    Raises UsageError for a missing or malformed file.
    """
    try:
        file = msgspec.convert(tomllib.loads(read_text(path)), _File)
    except OSError as error:
        raise UsageError(f"cannot read the deviations {path}: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise UsageError(f"{path} does not hold deviations ({EXAMPLE}): {error}") from error
    for deviation in file.deviation:
        if (deviation.rule is None) == (deviation.scenario is None):
            raise UsageError(f"{path}: a deviation names either a rule or a scenario: {EXAMPLE}")
        if not deviation.reason.strip():
            raise UsageError(f"{path}: the deviation of {deviation.name} gives no reason")
    return file.deviation


def check_deviations(deviations: Sequence[Deviation], rules: Collection[str], scenarios: Path) -> None:
    """Raise UsageError for a deviation of an unknown rule or scenario.

    A scenario is unknown if the folder `scenarios` lacks it.
    The case of a scenario, as in `test_x.py::test_y[case]`, is known only once pytest has collected the scenarios.
    """
    for deviation in deviations:
        if deviation.rule is not None and deviation.rule not in rules:
            raise UsageError(f"expected a rule of PROTOCOL.md in each deviation, got {deviation.rule}; correct its id")
        if deviation.scenario is not None and not _is_defined(deviation.scenario, scenarios):
            raise _unknown_scenario(deviation)


def check_collected(deviations: Sequence[Deviation], collected: Collection[str]) -> None:
    """Raise UsageError for a deviation of a scenario that is not collected.

    This holds only if other scenarios of its file are collected.
    """
    files = {scenario.partition("::")[0] for scenario in collected}
    for deviation in deviations:
        scenario = deviation.scenario
        if scenario is not None and scenario not in collected and scenario.partition("::")[0] in files:
            raise _unknown_scenario(deviation)


def _is_defined(scenario: str, folder: Path) -> bool:
    file, _, test = scenario.partition("::")
    path = folder / file
    return path.is_file() and f"def {test.partition('[')[0]}(" in path.read_text(encoding="utf-8")


def _unknown_scenario(deviation: Deviation) -> UsageError:
    return UsageError(
        f"expected a scenario as failures name it in each deviation, got {deviation.scenario}; "
        "`roomproof verify --collect-only -q` lists all"
    )


def reasons(deviations: Sequence[Deviation], rules: Sequence[str], scenario: str) -> str:
    """Return the reasons and links of the deviations for a scenario's broken rules."""
    covering = [deviation for deviation in deviations if any(deviation.covers(rule, scenario) for rule in rules)]
    return "; ".join(", ".join(filter(None, (deviation.reason, deviation.link))) for deviation in covering)


def stale_deviations(
    deviations: Sequence[Deviation], rules: Collection[str], results: Sequence[ScenarioResult], *, partial: bool
) -> list[str]:
    """Return a sentence for each deviation that matches nothing or is over.

    `rules` are the ids of the protocol. A partial run decides neither whether a rule is held by all scenarios, nor
    whether a scenario exists that the run left out. A run without results decides nothing.
    """
    if not results:
        return []
    complaints: list[str] = []
    for deviation in deviations:
        if not _matches(deviation, rules, results, partial=partial):
            complaints.append(f"the deviation of {deviation.name} matches no rule and no scenario")
        elif _is_over(deviation, results, partial=partial):
            complaints.append(f"the deviation of {deviation.name} is over, so remove it: the server no longer deviates")
    return complaints


def _matches(deviation: Deviation, rules: Collection[str], results: Sequence[ScenarioResult], *, partial: bool) -> bool:
    if deviation.rule is not None:
        return deviation.rule in rules
    return partial or any(result.id == deviation.scenario for result in results)


def _is_over(deviation: Deviation, results: Sequence[ScenarioResult], *, partial: bool) -> bool:
    if deviation.rule is not None:
        deviates = any(deviation.rule in result.deviating for result in results)
        was_held = any(deviation.rule in result.held for result in results)
        return was_held and not deviates and not partial
    return any(
        result.id == deviation.scenario and result.outcome is not Outcome.NOT_RUN and not result.deviating
        for result in results
    )
