"""From the books of a run to its verdict. Pure."""

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
    books: RunTotals, protocol: Protocol, target: Target, slos: list[Objective], around: RunContext
) -> Verdict:
    """What a run is worth.

    Facts make it invalid and, where the generator kept up, so does what is missing, and so do missed objectives.
    """
    slowdowns = books.slowdowns
    bugs = sorted({bug for beat in books.last.values() for bug in beat.bugs})
    is_excused = bool(slowdowns or bugs or around.lost_workers or around.trouble or _is_unheard(books))
    facts = {rule for rule in books.safety_by_rule if rule != OLD_STAMP or not is_excused}
    facts |= {BROKEN_BY_REFUSAL[kind] for kind in REFUSALS if books.counts[kind]}
    missing = set() if is_excused else set(books.liveness_by_rule)
    figures = books.figures()
    missed = objectives.missed(slos, figures)
    troubles = [f"Roomproof itself failed, which is a bug: {bug}" for bug in bugs]
    troubles += _troubles(books, target, around, is_excused=is_excused) + objectives.unmeasured(slos, figures)
    broken = tuple(sorted(facts | missing))
    held = () if troubles else tuple(sorted(exercised(books, target) - set(broken)))
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
    return replace(verdict, reason=f"{_found(books)}: {verdict.reason}") if broken else verdict


def wrongs(books: RunTotals) -> str:
    """What was found that is no question of how much a server bears: anything but loss and what is late."""
    excused = set(LIVENESS)
    if books.slowdowns and "DELIVER-9" not in books.safety_by_rule:
        excused.add(Kind.WRONG_TIME)  # they are those of OLD_STAMP only
    return ", ".join(
        f"{books.findings_by_kind[kind]} {kind}"
        for kind in Kind
        if kind not in excused and books.findings_by_kind[kind]
    )


def _is_unheard(books: RunTotals) -> bool:
    return any(beat.is_unheard for beat in books.last.values())


def _found(books: RunTotals) -> str:
    found = [f"{count} {kind}" for kind, count in sorted(books.findings_by_kind.items()) if count]
    refused = sum(books.counts[kind] for kind in REFUSALS)
    if refused:
        found.append(f"{refused} refused ({'; '.join(books.refusals[:2])})")
    return ", ".join(found)


def _troubles(books: RunTotals, target: Target, around: RunContext, *, is_excused: bool) -> list[str]:
    troubles = [around.trouble] if around.trouble else []
    if around.lost_workers:
        troubles.append(f"lost in the middle: {', '.join(around.lost_workers)}")
    if books.overload:
        troubles.append(f"the generator was overloaded: {'; '.join(texts_of(books.overload))}")
    late = books.liveness_by_rule.total()
    if _is_unheard(books):
        troubles.append(
            f"the server was still delivering {PATIENCE * target.deadline:g} s after everybody had fallen silent: "
            f"what has not arrived need not be lost"
        )
    elif is_excused and late:
        cause = "; ".join(texts_of(books.slowdowns)) or around.trouble or "a worker was lost"
        troubles.append(
            f"the server is not blamed for {late} findings of something late, because of the generator: {cause}"
        )
    if books.counts[Count.UNANSWERED]:
        reasons = "; ".join(books.troubles[:2])
        troubles.append(f"{books.counts[Count.UNANSWERED]} handshakes or requests got no proper answer: {reasons}")
    outside = sum(beat.outside for beat in books.last.values())
    if outside:
        troubles.append(
            f"{outside} users had tried to get in for more than {target.deadline:g} s when the run ended: "
            f"what the server does with all of them was not seen"
        )
    if not books.counts[Count.DELIVERED]:
        how = " as it was said" if books.safety_by_rule else ""
        troubles.append(f"nothing was delivered{how} on {target.url}")
    needs_crossing = Capability.PUBSUB in target.capabilities or Capability.STICKY in target.capabilities
    if needs_crossing and not books.crossing:
        troubles.append(
            f"topology not crossed: no room had members from two source addresses on two instances "
            f"(seen: {', '.join(books.instances) or 'none'}); see --source-addresses"
        )
    return troubles


def exercised(books: RunTotals, target: Target) -> set[str]:
    """The rules that the run put to the test."""
    counts = books.counts
    rules: set[str] = set()
    if counts[Count.DELIVERED]:
        rules |= {"DELIVER-2", "DELIVER-3", "DELIVER-5", "DELIVER-6", "DELIVER-7", "DELIVER-8", "DELIVER-14"}
        rules |= {"ORDER-1", "FRAME-5", "CLOSE-1", "JOIN-6", "CREATE-1", "PARTICIPANTS-1"}
    if counts[Count.DELIVERED] > counts[Count.SENT]:
        rules |= {"DELIVER-1", "JOIN-1", "JOIN-2", "JOIN-3", "JOIN-4"}
        if counts[Count.CONNECTED] > books.most_sockets:
            rules.add("DELIVER-10")
    if books.rooms > 1 and counts[Count.DELIVERED]:
        rules.add("DELIVER-4")
    if counts[Count.CLOSED]:
        rules |= {"LEAVE-1", "LEAVE-3", "DELIVER-11", "CLOSE-2"}
    if counts[Count.DISCONNECTED]:
        rules |= {"LEAVE-2", "DELIVER-12"}
    # A member that received nothing at all might be held up for good.
    if counts[Count.BACKLOG_NOTICEABLE] and not books.findings_by_kind[Kind.LOST]:
        rules.add("CLOSE-4")
    if books.crossing and Capability.PUBSUB in target.capabilities:
        rules |= {"PUBSUB-3", "PUBSUB-4"}
    if books.crossing and Capability.STICKY in target.capabilities:
        rules.add("STICKY-4")
    return rules
