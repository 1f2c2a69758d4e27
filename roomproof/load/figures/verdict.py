"""From the totals of a run to its verdict. Pure."""

from dataclasses import dataclass, replace

from roomproof.client.target import Target
from roomproof.judge.findings import LIVENESS, Kind
from roomproof.load.figures import objectives
from roomproof.load.figures.metrics import REFUSALS, Count
from roomproof.load.figures.objectives import Objective
from roomproof.load.figures.overload import texts_of
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.spec.rules import Capability, Protocol
from roomproof.verdict import ScenarioResult, Verdict, conclude, outcome_of

OLD_STAMP = "DELIVER-8"
"""A timestamp is compared with the time of receipt: a generator that reads too late makes all of them wrong."""

BROKEN_BY_REFUSAL = {
    Count.HANDSHAKES_REFUSED: "JOIN-6",
    Count.ROOMS_REFUSED: "CREATE-1",
    Count.PARTICIPANTS_REFUSED: "PARTICIPANTS-1",
}
"""The rule that each kind of refusal breaks: all requests are good ones, with user ids that every server accepts."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """What else has to be known of a run: workers that were lost, and why it cannot be relied on, if so."""

    lost_workers: tuple[str, ...] = ()
    trouble: str = ""


def verdict_of(
    totals: RunTotals, protocol: Protocol, target: Target, asked: list[Objective], context: RunContext
) -> Verdict:
    """What a run is worth.

    Facts make it invalid and, where the generator kept up, so does what is missing, and so do missed objectives.
    """
    slowdowns = totals.slowdowns
    bugs = sorted({bug for report in totals.last.values() for bug in report.internal_errors})
    is_excused = bool(slowdowns or bugs or context.lost_workers or context.trouble or _is_still_delivering(totals))
    facts = {rule for rule in totals.safety_by_rule if rule != OLD_STAMP or not is_excused}
    facts |= {BROKEN_BY_REFUSAL[kind] for kind in REFUSALS if totals.counts[kind]}
    missing = set() if is_excused else set(totals.liveness_by_rule)
    figures = totals.figures()
    missed = objectives.missed(asked, figures)
    troubles = [f"Roomproof itself failed, which is a bug: {bug}" for bug in bugs]
    troubles += _troubles(totals, target, context, is_excused=is_excused) + objectives.unmeasured(asked, figures)
    broken = tuple(sorted(facts | missing))
    held = () if troubles else tuple(sorted(exercised(totals, target) - set(broken)))
    result = ScenarioResult("load", held, outcome_of(broken, protocol), held=held, broken=broken)
    if missed and slowdowns and not troubles:
        cause = "; ".join(texts_of(slowdowns))
        troubles.append(f"{'; '.join(missed)}, but the generator may be the cause: {cause}")
    verdict = conclude(
        protocol,
        [result],
        target.capabilities,
        partial=True,
        trouble="; ".join(troubles) or None,
        complaints=[] if troubles else missed,
    )
    return replace(verdict, reason=f"{_found(totals)}: {verdict.reason}") if broken else verdict


def load_independent_faults(totals: RunTotals) -> str:
    """What was found that is no question of how much a server bears: anything but loss and what is late."""
    excused = set(LIVENESS)
    if totals.slowdowns and "DELIVER-9" not in totals.safety_by_rule:
        excused.add(Kind.WRONG_TIME)  # they are those of OLD_STAMP only
    return ", ".join(
        f"{totals.findings_by_kind[kind]} {kind}"
        for kind in Kind
        if kind not in excused and totals.findings_by_kind[kind]
    )


def _is_still_delivering(totals: RunTotals) -> bool:
    return any(report.is_still_delivering for report in totals.last.values())


def _found(totals: RunTotals) -> str:
    found = [f"{count} {kind}" for kind, count in sorted(totals.findings_by_kind.items()) if count]
    refused = sum(totals.counts[kind] for kind in REFUSALS)
    if refused:
        found.append(f"{refused} refused ({'; '.join(totals.refusal_reasons[:2])})")
    return ", ".join(found)


def _troubles(totals: RunTotals, target: Target, context: RunContext, *, is_excused: bool) -> list[str]:
    troubles = [context.trouble] if context.trouble else []
    if context.lost_workers:
        troubles.append(f"lost in the middle: {', '.join(context.lost_workers)}")
    if totals.overload:
        troubles.append(f"the generator was overloaded: {'; '.join(texts_of(totals.overload))}")
    late = totals.liveness_by_rule.total()
    if _is_still_delivering(totals):
        troubles.append(
            f"the server was still delivering {PATIENCE * target.deadline:g} s after everybody had fallen silent: "
            f"what has not arrived need not be lost"
        )
    elif is_excused and late:
        cause = "; ".join(texts_of(totals.slowdowns)) or context.trouble or "a worker was lost"
        troubles.append(
            f"the server is not blamed for {late} findings of something late, because of the generator: {cause}"
        )
    if totals.counts[Count.UNANSWERED]:
        reasons = "; ".join(totals.unanswered_reasons[:2])
        troubles.append(f"{totals.counts[Count.UNANSWERED]} handshakes or requests got no proper answer: {reasons}")
    waiting = sum(report.users_waiting for report in totals.last.values())
    if waiting:
        troubles.append(
            f"{waiting} users had tried to get in for more than {target.deadline:g} s when the run ended: "
            f"what the server does with all of them was not seen"
        )
    if not totals.counts[Count.DELIVERED]:
        how = " as it was said" if totals.safety_by_rule else ""
        troubles.append(f"nothing was delivered{how} on {target.url}")
    needs_spanning = Capability.PUBSUB in target.capabilities or Capability.STICKY in target.capabilities
    if needs_spanning and not totals.spanning_rooms:
        troubles.append(
            f"topology not crossed: no room had members from two source addresses on two instances "
            f"(seen: {', '.join(totals.instances) or 'none'}); see --source-addresses"
        )
    return troubles


def exercised(totals: RunTotals, target: Target) -> set[str]:
    """The rules that the run put to the test."""
    counts = totals.counts
    rules: set[str] = set()
    if counts[Count.DELIVERED]:
        rules |= {"DELIVER-2", "DELIVER-3", "DELIVER-5", "DELIVER-6", "DELIVER-7", "DELIVER-8", "DELIVER-14"}
        rules |= {"ORDER-1", "FRAME-5", "CLOSE-1", "JOIN-6", "CREATE-1", "PARTICIPANTS-1"}
    if counts[Count.DELIVERED] > counts[Count.SENT]:
        rules |= {"DELIVER-1", "JOIN-1", "JOIN-2", "JOIN-3", "JOIN-4"}
        if counts[Count.CONNECTED] > totals.most_sockets:
            rules.add("DELIVER-10")
    if totals.rooms > 1 and counts[Count.DELIVERED]:
        rules.add("DELIVER-4")
    if counts[Count.CLOSED]:
        rules |= {"LEAVE-1", "LEAVE-3", "DELIVER-11", "CLOSE-2"}
    if counts[Count.DISCONNECTED]:
        rules |= {"LEAVE-2", "DELIVER-12"}
    # A member that received nothing at all might be held up for good.
    if counts[Count.BACKLOG_NOTICEABLE] and not totals.findings_by_kind[Kind.LOST]:
        rules.add("CLOSE-4")
    if totals.spanning_rooms and Capability.PUBSUB in target.capabilities:
        rules |= {"PUBSUB-3", "PUBSUB-4"}
    if totals.spanning_rooms and Capability.STICKY in target.capabilities:
        rules.add("STICKY-4")
    return rules
