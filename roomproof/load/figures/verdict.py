"""From the totals of a load run to its verdict. Pure."""

from dataclasses import dataclass, replace

from roomproof.client.target import Target
from roomproof.judge.facts import OLD_TIMESTAMP
from roomproof.judge.findings import LIVENESS, Kind
from roomproof.judge.needs import inapplicable_rules
from roomproof.load.figures import objectives
from roomproof.load.figures.metrics import REFUSALS, SCRIPT_ERRORS, Count
from roomproof.load.figures.objectives import Objective
from roomproof.load.figures.overload import texts_of
from roomproof.load.figures.totals import RunTotals
from roomproof.load.figures.worker_report import PATIENCE
from roomproof.printable import counted
from roomproof.spec.rules import Capability, Need, Protocol
from roomproof.verdict import ScenarioResult, Verdict, conclude, outcome_of

BACKWARD_TIMESTAMP = "DELIVER-9"
"""The rule that compares timestamps with each other, whenever they are read."""

BROKEN_BY_REFUSAL = {
    Count.HANDSHAKES_REFUSED: "JOIN-6",
    Count.ROOMS_REFUSED: "CREATE-1",
    Count.PARTICIPANTS_REFUSED: "PARTICIPANTS-1",
}
"""The rule that each kind of refusal breaks: all requests are good ones, with user ids that every server accepts."""

SHOWN_REASONS = 2
"""Reasons of refusals, and of missing answers, that a verdict names."""

DELIVERY_RULES = frozenset(
    {
        *("DELIVER-2", "DELIVER-3", "DELIVER-6", "DELIVER-7", "DELIVER-8", "DELIVER-14"),
        *("ORDER-1", "FRAME-5", "CLOSE-1", "JOIN-6", "CREATE-1", "PARTICIPANTS-1"),
    }
)
"""Rules that every delivery puts to the test."""

RECIPIENT_RULES = frozenset({"DELIVER-1", "JOIN-1", "JOIN-2", "JOIN-3", "JOIN-4"})
"""Rules that deliveries to others than the sender put to the test."""

CLOSE_RULES = frozenset({"LEAVE-1", "LEAVE-3", "DELIVER-11", "CLOSE-2"})
"""Rules that a closing handshake of a client puts to the test."""

DISCONNECT_RULES = frozenset({"LEAVE-2", "DELIVER-12"})
"""Rules that a client puts to the test that disconnects without a Close frame."""

TOPOLOGY_RULES = {
    Capability.PUBSUB: frozenset({"PUBSUB-3", "PUBSUB-4"}),
    Capability.STICKY: frozenset({"STICKY-4"}),
}
"""Rules that rooms on several instances put to the test, by the capability that the server declares."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Facts about a run that its reports do not tell."""

    lost_workers: tuple[str, ...] = ()
    trouble: str = ""
    """Why the run cannot be relied on; empty if it can."""
    users: int = 0
    """Users that had to connect; 0 if a part of them is enough."""
    is_spawning: bool = False
    """Whether users were still being started when the end began."""


@dataclass(frozen=True, slots=True)
class _VerdictInputs:
    """All that a verdict depends on."""

    totals: RunTotals
    target: Target
    context: RunContext
    internal_errors: tuple[str, ...]

    @property
    def is_still_delivering(self) -> bool:
        """Whether the server was still delivering after PATIENCE deadlines."""
        return any(report.is_still_delivering for report in self.totals.last.values())

    @property
    def clock_moved(self) -> float:
        """Seconds by which the clock of the server moved against ours.

        Timestamps of such a server cannot be compared with times of receipt.
        """
        return max((report.clock_moved for report in self.totals.last.values()), key=abs, default=0.0)

    @property
    def is_lateness_excused(self) -> bool:
        """Whether anything but the server can be the cause of what is late or missing."""
        context = self.context
        generator_failed = bool(self.totals.slowdowns or self.internal_errors or context.lost_workers)
        return generator_failed or bool(context.trouble) or self.is_still_delivering


def verdict_of(
    totals: RunTotals, protocol: Protocol, target: Target, asked: list[Objective], context: RunContext
) -> Verdict:
    """Return the verdict on a run with these objectives.

    Facts make a run invalid. So do late and missing items and missed objectives, unless the generator was overloaded.
    """
    errors = {error for report in totals.last.values() for error in report.internal_errors}
    evidence = _VerdictInputs(totals, target, context, tuple(sorted(errors)))
    figures = totals.figures()
    missed = objectives.missed(asked, figures)
    troubles = _troubles(evidence) + objectives.unmeasured(asked, figures)
    broken = _broken_rules(evidence)
    held = () if troubles else tuple(sorted(exercised(totals, target) - set(broken)))
    result = ScenarioResult("load", held, outcome_of(broken, protocol), held=held, broken=broken)
    if missed and totals.slowdowns and not troubles:
        cause = "; ".join(texts_of(totals.slowdowns))
        troubles.append(f"{'; '.join(missed)}, but the load generator can be the cause: {cause}")
    verdict = conclude(
        protocol,
        [result],
        target.capabilities,
        partial=True,
        trouble="; ".join(troubles) or None,
        complaints=[] if troubles else missed,
        without=target.dialect.without,
        dialect=target.dialect.name,
    )
    return replace(verdict, reason=f"{_found(totals)}: {verdict.reason}") if broken else verdict


def load_independent_faults(totals: RunTotals) -> str:
    """Return the counts of findings that no load excuses; empty if there are none.

    Loss and lateness are left out: they can show that the load was more than the server can bear.
    """
    excused = set(LIVENESS)
    if totals.slowdowns and BACKWARD_TIMESTAMP not in totals.safety_by_rule:
        excused.add(Kind.WRONG_TIME)  # then all of them are old timestamps
    found = totals.findings_by_kind
    return ", ".join(f"{found[kind]} {kind}" for kind in Kind if kind not in excused and found[kind])


def exercised(totals: RunTotals, target: Target) -> set[str]:
    """Return the rules that a run put to the test."""
    counts = totals.counts
    rules: set[str] = set()
    if counts[Count.DELIVERED]:
        rules |= _exercised_by_deliveries(totals, target)
    if counts[Count.CLOSED]:
        rules |= CLOSE_RULES
    if counts[Count.DISCONNECTED]:
        rules |= DISCONNECT_RULES
    # A receiver that lost messages might have been held up for good.
    if counts[Count.BACKLOG_NOTICEABLE] and not totals.findings_by_kind[Kind.LOST]:
        rules.add("CLOSE-4")
    if totals.spanning_rooms:
        rules = rules.union(*(TOPOLOGY_RULES.get(capability, ()) for capability in target.capabilities))
    return rules


def _exercised_by_deliveries(totals: RunTotals, target: Target) -> set[str]:
    counts = totals.counts
    rules = set(DELIVERY_RULES)
    # A text that was lost was not shown to be unaltered.
    if any(report.are_all_texts_sent for report in totals.last.values()) and not totals.findings_by_kind[Kind.LOST]:
        rules.add("DELIVER-5")
    echoed = 0 if target.lacks(Need.ECHO) else counts[Count.SENT]
    if counts[Count.DELIVERED] > echoed:
        rules |= RECIPIENT_RULES
        if counts[Count.CONNECTED] > totals.most_sockets:
            rules.add("DELIVER-10")
    if totals.rooms > 1:
        rules.add("DELIVER-4")
    return rules


def _broken_rules(evidence: _VerdictInputs) -> tuple[str, ...]:
    """The rules that the server broke, without those whose cause can be the generator.

    None, if the dialect did not fit: a frame that nothing describes can be the message that is missed.
    """
    totals = evidence.totals
    if totals.dialect_troubles:
        return ()
    broken = set(totals.safety_by_rule)
    if evidence.is_lateness_excused or evidence.clock_moved:
        broken.discard(OLD_TIMESTAMP)
    if not evidence.is_lateness_excused:
        broken |= set(totals.liveness_by_rule)
    broken |= {BROKEN_BY_REFUSAL[count] for count in REFUSALS if totals.counts[count]}
    return tuple(sorted(broken - inapplicable_rules(evidence.target.dialect.without)))


def _found(totals: RunTotals) -> str:
    found = [f"{count} {kind}" for kind, count in sorted(totals.findings_by_kind.items()) if count]
    refused = sum(totals.counts[count] for count in REFUSALS)
    if refused:
        found.append(f"{refused} refused ({'; '.join(totals.refusal_reasons[:SHOWN_REASONS])})")
    return ", ".join(found)


def _troubles(evidence: _VerdictInputs) -> list[str]:
    """The reasons why the run cannot be relied on, except those about objectives."""
    return [
        *(f"Roomproof itself failed, which is a bug: {error}" for error in evidence.internal_errors),
        *_generator_troubles(evidence),
        *_dialect_troubles(evidence),
        *_script_troubles(evidence),
        *_clock_troubles(evidence),
        *_lateness_troubles(evidence),
        *_server_troubles(evidence),
    ]


def _generator_troubles(evidence: _VerdictInputs) -> list[str]:
    context, overload = evidence.context, evidence.totals.overload
    troubles = [context.trouble] if context.trouble else []
    failed = evidence.totals.counts[Count.LOCAL_TROUBLE]
    if failed:
        reasons = "; ".join(evidence.totals.local_reasons[:SHOWN_REASONS])
        troubles.append(f"{_attempts(failed)} failed on this machine: {reasons}")
    if context.lost_workers:
        troubles.append(f"lost during the run: {', '.join(context.lost_workers)}")
    if overload:
        troubles.append(f"the load generator was overloaded: {'; '.join(texts_of(overload))}")
    return troubles


def _dialect_troubles(evidence: _VerdictInputs) -> list[str]:
    """The reasons that lie in the target file: what it says does not fit the service."""
    totals, dialect = evidence.totals, evidence.target.dialect
    troubles = []
    if totals.dialect_troubles:
        others = totals.dialect_troubles - 1
        more = f" (and {others} more)" if others else ""
        troubles.append(f"{dialect.name}: {''.join(totals.dialect_reasons[:1])}{more}")
    inapplicable = inapplicable_rules(dialect.without)
    refused = sum(totals.counts[count] for count in REFUSALS if BROKEN_BY_REFUSAL[count] in inapplicable)
    if refused:
        reasons = "; ".join(totals.refusal_reasons[:SHOWN_REASONS])
        troubles.append(f"{_attempts(refused)} refused, and {dialect.name} names no rule against that: {reasons}")
    return troubles


def _attempts(number: int) -> str:
    return "1 handshake or request" if number == 1 else f"{number} handshakes or requests"


def _script_troubles(evidence: _VerdictInputs) -> list[str]:
    totals = evidence.totals
    raised, failed = (totals.counts[count] for count in SCRIPT_ERRORS)
    first_raised, first_failed = ("".join(totals.script_reasons[count][:1]) for count in SCRIPT_ERRORS)
    troubles = []
    if raised:
        troubles.append(f"{counted(raised, 'exception')} in tasks of the script, the first one: {first_raised}")
    if failed:
        troubles.append(f"{counted(failed, 'request')} of the script failed, the first one: {first_failed}")
    return troubles


def _clock_troubles(evidence: _VerdictInputs) -> list[str]:
    moved = evidence.clock_moved
    if not moved:
        return []
    return [
        f"expected the clock of the server to keep its distance to ours, it moved by {moved:+.0f} s: "
        f"timestamps cannot be judged; run again while no clock is set"
    ]


def _lateness_troubles(evidence: _VerdictInputs) -> list[str]:
    late = evidence.totals.liveness_by_rule.total()
    if evidence.is_still_delivering:
        seconds = PATIENCE * evidence.target.deadline
        return [
            f"the server was still delivering {seconds:g} s after the last message: "
            f"what has not arrived is not necessarily lost"
        ]
    if evidence.is_lateness_excused and late:
        return [f"{counted(late, 'late-delivery finding')} ignored: {_cause_of_lateness(evidence)}"]
    return []


def _cause_of_lateness(evidence: _VerdictInputs) -> str:
    if evidence.totals.slowdowns:
        return f"the load generator was overloaded ({'; '.join(texts_of(evidence.totals.slowdowns))})"
    if evidence.context.trouble:
        return evidence.context.trouble
    return "a worker was lost" if evidence.context.lost_workers else "Roomproof itself failed"


def _ramp_troubles(evidence: _VerdictInputs) -> list[str]:
    context, reports = evidence.context, evidence.totals.last.values()
    connected = sum(report.users_connected for report in reports)
    is_ramping = context.is_spawning or any(report.users_connecting for report in reports)
    if not is_ramping or connected >= context.users:
        return []
    return [
        f"{connected} of {counted(context.users, 'user')} had connected when the run ended: "
        f"run for longer, start users faster (-r), or accept that with --allow-partial-ramp"
    ]


def _server_troubles(evidence: _VerdictInputs) -> list[str]:
    """The reasons that lie in the server: its answers, and what was reached of it."""
    totals, target = evidence.totals, evidence.target
    if totals.unreachable:
        return [
            f"nothing was delivered on {target.url}, where nobody listens: start the server, or correct --host "
            f"({totals.unreachable})"
        ]
    troubles = []
    unanswered = totals.counts[Count.UNANSWERED]
    if unanswered:
        reasons = "; ".join(totals.unanswered_reasons[:SHOWN_REASONS])
        troubles.append(f"{_attempts(unanswered)} got no proper answer: {reasons}")
    waiting = sum(report.users_waiting for report in totals.last.values())
    if waiting:
        troubles.append(
            f"{counted(waiting, 'user')} had tried to connect for more than {target.deadline:g} s when the run ended: "
            f"the server was never seen under the whole load"
        )
    else:
        troubles += _ramp_troubles(evidence)
    if not totals.counts[Count.DELIVERED]:
        how = " as it was sent" if totals.safety_by_rule else ""
        troubles.append(f"nothing was delivered{how} on {target.url}")
    if TOPOLOGY_RULES.keys() & target.capabilities.keys() and not totals.spanning_rooms:
        troubles.append(
            f"topology not crossed: no room had members of two clients on two instances "
            f"(seen: {', '.join(totals.instances) or 'none'}); see affinity and --source-addresses"
        )
    return troubles
