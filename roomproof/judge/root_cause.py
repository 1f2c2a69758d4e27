"""Root causes: the rule that each fault of a scenario breaks, and what follows.

A fault is a finding of the judge, or an expectation of the scenario that failed. What certainly follows from another
fault is marked as its consequence. Whatever is not certain stands as a fault of its own.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from roomproof.history import Opening, Received, Sent
from roomproof.judge.classification import JOIN_NOTICE
from roomproof.judge.findings import Finding, Kind
from roomproof.spec import messages
from roomproof.spec.messages import NOTICE_TEXTS, NoticeKind

MARKED_CHARACTERS = 8
"""Minimum number of characters of a content in a frame; shorter strings are names of events."""


class Proof(Enum):
    """The three ways in which a failed expectation proves that a rule is broken."""

    SEEN = auto()
    """The scenario saw it: a status, statistics, a pong, a Close frame."""
    UNDELIVERED = auto()
    """Something did not arrive: only a finding of the judge proves that it was due."""
    UNNAMED = auto()
    """An assertion without a rule: a finding about the same frames tells more exactly what is wrong."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """An expectation of a scenario that failed.

    `rule` is the rule that the scenario names; None if it names none. `receiver` is the number of the connection that
    shows the failure. For a message that did not arrive, `content` is its content, and `sender` its connection.
    """

    proof: Proof
    rule: str | None
    receiver: int | None = None
    sender: int | None = None
    content: str | None = None
    breaks_parts: bool = False
    """Whether the scenario breaks parts of the target on purpose: then what is missing is the effect of that."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One fault: the rule that it breaks, and the finding that shows it.

    Without a finding, the failed expectation shows the fault. `root` is the broken rule from which the fault follows;
    None for a fault of its own.
    """

    rule: str
    finding: Finding | None = None
    root: str | None = None


MISSING = frozenset({Kind.LOST, Kind.MISSING_NOTICE})
"""Kinds of findings about an item that did not arrive."""

EXPLAINS_UNDELIVERED = frozenset(
    {*MISSING, Kind.NEVER_JOINED, Kind.DROPPED, Kind.ALTERED, Kind.MISATTRIBUTED, Kind.MALFORMED, Kind.PHANTOM}
)
"""Kinds of findings that can be why somebody did not receive what a scenario waited for."""

EXPLAINS_UNNAMED = EXPLAINS_UNDELIVERED | {
    Kind.REPLAYED,
    Kind.LEAKED,
    Kind.DUPLICATED,
    Kind.REORDERED,
    Kind.DOUBLED_NOTICE,
    Kind.MISPLACED,
}
"""Kinds of findings that can be why an assertion about received frames failed."""

FORBID_CLOSING = frozenset({"CREATE-6", "DELIVER-13", "DELIVER-15", "DELIVER-16", "FRAME-2", "FRAME-3", "LEAVE-4"})
"""Rules that forbid to close certain connections. Closing them also breaks CLOSE-1, as a consequence."""

ABOUT_FORM = frozenset({"DELIVER-5", "DELIVER-13", "DELIVER-15", "FRAME-3", "FRAME-8", "JOIN-5"})
"""Rules by which the server must take a message, whatever its form or the moment."""

SAME_FAULT = frozenset(
    {
        ("DELIVER-3", Kind.LOST),
        ("DELIVER-5", Kind.PHANTOM),
        ("FRAME-2", Kind.UNPROVOKED_ERROR),
        ("FRAME-7", Kind.MALFORMED),
        ("FRAME-10", Kind.PHANTOM),
        ("PARTICIPANTS-2", Kind.DOUBLED_NOTICE),
    }
)
"""Rules that a scenario saw broken, with the kinds of findings that are the same fault as the judge sees it."""

BETWEEN_INSTANCES = frozenset({"PUBSUB-3", "PUBSUB-4", "STICKY-4"})
"""Rules by which all that is sent has to pass between instances, or must not, once and in order."""

NAMELESS = frozenset({"REFUSE-3", "REFUSE-6"})
"""Rules by which a server must refuse connections without a user id."""

COUNTING = frozenset({"STATS-2", "STATS-3", "STATS-4"})
"""Rules of the statistics, which a server cannot keep that has missed a join or an end."""


def attribute(failed: Expectation | None, findings: Sequence[Finding]) -> list[Cause]:
    """Return every fault once, each with its rule: the roots first, then what follows.

    `failed` is the expectation that ended the scenario; None if it ran to its end.
    """
    own = _own_cause(failed, findings) if failed else None
    causes = [own] if own else []
    for finding in findings:
        if own and failed and failed.proof is Proof.UNDELIVERED and _confirms(finding, failed):
            causes.append(Cause(own.rule, finding))
        else:
            causes.append(Cause(finding.rule, finding, _root_of(finding, own, failed, findings)))
    return sorted(causes, key=lambda cause: cause.root is not None)


def is_explained(findings: Iterable[Finding]) -> bool:
    """Whether a finding can be why something was not delivered.

    Without one the server broke no rule, and the scenario could not be played.
    """
    return any(finding.kind in EXPLAINS_UNDELIVERED for finding in findings)


def _own_cause(failed: Expectation, findings: Sequence[Finding]) -> Cause | None:
    """The fault that only the scenario shows, if its failed expectation is one."""
    if failed.rule is None:
        return None
    match failed.proof:
        case Proof.SEEN:
            return Cause(failed.rule, root=_root_of_seen(failed.rule, findings))
        case Proof.UNDELIVERED:
            is_due = any(_confirms(finding, failed) for finding in findings)
            return Cause(failed.rule) if is_due and not _was_echoed(failed, findings) else None
        case Proof.UNNAMED:
            is_known = any(finding.kind in EXPLAINS_UNNAMED for finding in findings)
            is_whole = failed.breaks_parts or failed.rule in BETWEEN_INSTANCES
            return None if is_known and not is_whole else Cause(failed.rule)


def _root_of_seen(rule: str, findings: Iterable[Finding]) -> str | None:
    """The broken rule from which something follows that a scenario saw.

    - Wrong statistics follow from a join or an end that the server missed.
    - A missing error frame (FRAME-4) follows from a bad frame that the server took for a message (FRAME-1).
    """
    if rule == "FRAME-4":
        return next((one.rule for one in findings if one.rule == "FRAME-1"), None)
    if rule not in COUNTING:
        return None
    missed = (one for one in findings if one.kind is Kind.NEVER_JOINED or _is_missed_end(one))
    return next((one.rule for one in missed), None)


def _is_missed_end(finding: Finding) -> bool:
    """Whether the server has not noticed, or not announced, how a connection ended."""
    is_leave = finding.kind is Kind.MISSING_NOTICE and finding.rule.startswith("LEAVE-")
    return is_leave or finding.kind is Kind.UNANSWERED_CLOSE


def _confirms(finding: Finding, failed: Expectation) -> bool:
    """Whether a finding proves that what a scenario waited for was due."""
    if failed.rule is None:
        return False
    if finding.kind is Kind.DROPPED:
        was_sent = failed.content is None or failed.sender is not None
        is_theirs = finding.receiver in (failed.receiver, failed.sender) or not was_sent
        is_of_bad_frames = failed.rule != "FRAME-3" or finding.rule == "FRAME-3"
        return failed.rule in FORBID_CLOSING and is_theirs and is_of_bad_frames
    if finding.receiver != failed.receiver:
        return False
    if finding.kind is Kind.NEVER_JOINED:
        return failed.rule == "DELIVER-16"  # each device of a user is a member of its own
    if failed.content is None:
        return finding.kind is Kind.MISSING_NOTICE
    if finding.rule == "DELIVER-2" and not finding.hole:
        return False  # all others received it: the circumstances do not matter to the echo
    return finding.kind is Kind.LOST and finding.stream == failed.sender and _is_about(finding, failed.content)


def _was_echoed(failed: Expectation, findings: Iterable[Finding]) -> bool:
    """Whether the server took a message that it must take in its form.

    It did if the sender received the echo: then the form is not to blame for the loss.
    """
    if failed.rule not in ABOUT_FORM or failed.content is None or failed.receiver == failed.sender:
        return False
    return not any(one.receiver == failed.sender and one.kind in (Kind.LOST, Kind.DROPPED) for one in findings)


def _root_of(
    finding: Finding, own: Cause | None, failed: Expectation | None, findings: Sequence[Finding]
) -> str | None:
    """The rule from which a finding follows; None for a fault of its own."""
    if own and failed and own.root is None and own.rule != finding.rule and _follows(finding, failed, own.rule):
        return own.rule
    roots = (other.rule for other in findings if other is not finding and _causes(other, finding))
    return next((rule for rule in roots if rule != finding.rule), None)


def _follows(finding: Finding, failed: Expectation, rule: str) -> bool:
    """Whether a finding follows from the fault that the scenario has named."""
    if failed.proof is Proof.UNNAMED:
        return failed.breaks_parts and (finding.overdue or finding.kind is Kind.DROPPED)
    if failed.proof is Proof.UNDELIVERED:
        # A stream arrives in order: what is behind, or stuck with, the message that was waited for is no second fault.
        return finding.kind in MISSING and finding.overdue and finding.stream == failed.sender
    if (rule, finding.kind) in SAME_FAULT:
        return True
    if failed.receiver is None:
        return False
    if rule in NAMELESS and finding.kind is Kind.PHANTOM and finding.stream is None:
        return True  # a notice under the name that the server gave to somebody without one
    if rule.startswith("REFUSE-") or rule == "CREATE-6":
        return failed.receiver in (finding.receiver, finding.stream)
    return rule == "CLOSE-2" and finding.stream == failed.receiver and _is_missed_end(finding)


def _causes(root: Finding, finding: Finding) -> bool:
    """Whether a finding certainly follows from another one.

    bob    is let in, and never becomes a member       JOIN-2
    alice  receives neither his join nor his messages  both follow
    """
    match root.kind:
        case Kind.NEVER_JOINED if finding.kind in MISSING:
            return root.receiver in (finding.stream, finding.receiver)
        case Kind.UNANSWERED_CLOSE:
            return finding.stream == root.receiver and _is_missed_end(finding)
        case Kind.REPLAYED if finding.kind in MISSING:  # what is due seems to begin with the replayed item
            return root.receiver == finding.receiver and root.stream == finding.stream
        case Kind.MALFORMED if root.receiver == finding.receiver:
            return finding.kind is Kind.NEVER_JOINED or (finding.kind in MISSING and _carries(root, finding))
        case _:
            return False


def _carries(malformed: Finding, missing: Finding) -> bool:
    """Whether a malformed frame is the one that should have carried a missing item."""
    frames = [event.frame for event in malformed.witness if isinstance(event, Received)]
    sent = _sent_frame(missing)
    if sent is None:
        return any(_notice_of(missing) in _strings(frame) for frame in frames)
    sending = messages.read_sent(sent)
    if isinstance(sending, messages.Valid):
        return any(sending.content in _strings(frame) for frame in frames if _is_object(frame))
    said = {text for text in _strings(sent) if len(text) >= MARKED_CHARACTERS}
    return any(said & _strings(frame) for frame in frames)


def _is_object(frame: str | bytes) -> bool:
    """Whether a frame is a JSON object."""
    try:
        return isinstance(json.loads(frame), dict)
    except (ValueError, RecursionError):
        return False


def _strings(frame: str | bytes) -> set[str]:
    """All strings in a frame of JSON, or the whole frame if it is none."""
    text = frame if isinstance(frame, str) else frame.decode(errors="replace")
    try:
        return set(_strings_in(json.loads(text)))
    except (ValueError, RecursionError):
        return {text}


def _strings_in(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings_in(inner)
        case list():
            for inner in value:
                yield from _strings_in(inner)


def _is_about(finding: Finding, content: str) -> bool:
    """Whether a finding is about the message of this content, in any dialect."""
    sent = _sent_frame(finding)
    if sent is None:
        return False
    text = sent if isinstance(sent, str) else sent.decode(errors="replace")
    return content in _strings(sent) or any(f'"{form}"' in text for form in _escaped(content)) or content == text


def _escaped(content: str) -> tuple[str, str]:
    """The two usual forms of a string in JSON."""
    return json.dumps(content)[1:-1], json.dumps(content, ensure_ascii=False)[1:-1]


def _sent_frame(finding: Finding) -> str | bytes | None:
    """The sent frame that a finding is about; None where it is about none."""
    return next((event.frame for event in finding.witness if isinstance(event, Sent)), None)


def _notice_of(finding: Finding) -> str:
    """The content of the notice that a finding is about."""
    user = next((event.user for event in finding.witness if isinstance(event, Opening)), None)
    is_join = finding.item == JOIN_NOTICE or finding.rule == "JOIN-1"
    return f"{user}{NOTICE_TEXTS[NoticeKind.JOINED if is_join else NoticeKind.LEFT]}"
