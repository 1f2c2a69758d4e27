"""The first look at a target: does anything work at all? It takes less than two deadlines, whatever the target does."""

from dataclasses import dataclass

from roomproof.http import Http, UnreachableError
from roomproof.report import describe
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage
from roomproof.target import Target

TRIES = 4
"""How often the first look says something, within one deadline."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What the first look found: nothing wrong, or one sentence that says what is, and the rules it breaks."""

    sentence: str = ""
    broken: tuple[str, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether there is anything to test."""
        return not self.sentence


def check(target: Target) -> Ground:
    """Make a room, get in, say something and hear it.

    Only a target on which that fails is not worth the whole suite: no scenario could find anything else.
    """
    http = Http(target)
    stage = Stage(target, http, server_ahead=0, known_ids=set())
    try:
        http.stats()
        alice = stage.room("Roomproof looks around").enter("alice")
        try:
            # More than once: a server that loses one message works well enough to be tested.
            if not any(alice.heard(alice.say("is anybody there?"), patience=1 / TRIES) for _ in range(TRIES)):
                raise RuleBrokenError("DELIVER-2", "alice, alone in a new room, to hear herself", alice.account())
        finally:
            alice.die("rst")
    except UnreachableError as error:
        return Ground(f"{target.url} cannot be tested: {error}")
    except RuleBrokenError as error:
        findings = stage.break_off()
        rules = {finding.rule: None for finding in findings} | ({error.rule: None} if error.rule else {})
        seen = "".join(f"; {describe(finding, stage.events())}" for finding in findings[:1])
        return Ground(f"nothing works on {target.url}: {error}{seen}", tuple(rules))
    return Ground()
