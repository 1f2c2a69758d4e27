"""Known deviations: what a team has decided to live with for now, in a file with the reason."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

import msgspec

from roomproof.client.target import UsageError


class Deviation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One deviation, of a rule or of a scenario."""

    reason: str
    rule: str | None = None
    scenario: str | None = None
    link: str | None = None

    @property
    def name(self) -> str:
        """The rule or the scenario."""
        return self.rule or self.scenario or ""

    def excuses(self, rule: str, scenario: str) -> bool:
        """Whether it is known that this scenario breaks this rule."""
        return rule == self.rule or scenario == self.scenario


class _File(msgspec.Struct, forbid_unknown_fields=True):
    deviation: list[Deviation] = []


EXAMPLE = '[[deviation]] with rule = "ORDER-1" or scenario = "test_x.py::test_y[case]", reason = "...", link = "..."'


def read_deviations(path: str) -> list[Deviation]:
    """The deviations of a TOML file. Raises UsageError for whatever is wrong with it."""
    try:
        file = msgspec.convert(tomllib.loads(Path(path).read_text(encoding="utf-8")), _File)
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


@dataclass(frozen=True, slots=True)
class Played:
    """What a run found out about one scenario: the rules that it broke as it is known to, and whether it ran."""

    scenario: str
    deviating: tuple[str, ...]
    ran: bool


def stale(
    deviations: list[Deviation], rules: set[str], held: set[str], played: list[Played], *, partial: bool
) -> list[str]:
    """What is wrong with a list of deviations after a run, as sentences: those that name nothing, those that pass now.

    `held` are the rules that some scenario held the server to. A partial run cannot tell whether a rule passes, or
    whether a scenario exists that it did not run.
    """
    complaints: list[str] = []
    by_name = {one.scenario: one for one in played}
    for deviation in deviations:
        if deviation.rule is not None:
            used = any(deviation.rule in one.deviating for one in played)
            known = deviation.rule in rules
            decided = deviation.rule in held and not partial
        else:
            one = by_name.get(deviation.name)
            used = one is not None and bool(one.deviating)
            known = one is not None or partial
            decided = one is not None and one.ran
        if not known:
            complaints.append(f"the deviation of {deviation.name} names nothing that there is")
        elif decided and not used:
            complaints.append(f"the deviation of {deviation.name} is over: nothing deviates any more")
    return complaints
