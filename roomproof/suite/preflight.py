"""The preflight: tests whether anything works on a target, in less than two deadlines whatever the target does."""

from dataclasses import dataclass

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.report.failure_text import finding_line
from roomproof.stage.person import Person
from roomproof.stage.scene import RuleBrokenError
from roomproof.stage.stage import Stage

TRIES = 4
"""Number of messages that the preflight sends within one deadline."""


@dataclass(frozen=True, slots=True)
class PreflightResult:
    """The result of a preflight: why the target is not worth testing, and the rules that it broke; empty if it is."""

    reason: str = ""
    broken: tuple[str, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether the target is worth testing."""
        return not self.reason


def _is_echoed(alice: Person) -> bool:
    """Whether any of several messages comes back. A server that loses some of them is worth testing."""
    contents: list[str] = []
    while len(contents) < TRIES:
        contents.append(alice.say("is anybody there?"))
        alice.heard(contents[-1], patience=1 / TRIES)
        if any(map(alice.echoed, contents)):
            return True
    return False


def run_preflight(target: Target) -> PreflightResult:
    """Make a room, connect, send a message and receive it.

    Only a target on which that fails is not worth the whole suite: no scenario could find out anything else.
    """
    http = Http(target)
    stage = Stage.open(target, http, server_ahead=0, known_ids=set())
    try:
        http.stats()
        alice = stage.room("Roomproof looks around").enter("alice")
        try:
            if not _is_echoed(alice):
                raise RuleBrokenError("DELIVER-2", "alice, alone in a new room, to hear herself", alice.account())
        finally:
            alice.die("rst")
    except LocalTroubleError as error:
        return PreflightResult(str(error))
    except UnreachableError as error:
        return PreflightResult(f"{target.url} cannot be tested: {error}")
    except RuleBrokenError as error:
        findings = stage.break_off()
        rules = {finding.rule: None for finding in findings} | ({error.rule: None} if error.rule else {})
        seen = "".join(f"; {finding_line(finding, stage.events())}" for finding in findings[:1])
        return PreflightResult(f"nothing works on {target.url}: {error}{seen}", tuple(rules))
    return PreflightResult()
