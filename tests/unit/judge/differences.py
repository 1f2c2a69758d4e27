"""The intended differences between the judges, and the findings that must agree."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from roomproof.history import Closed, Closing, Dying, Event, Opening, Received
from roomproof.judge.findings import Finding, Kind

Essence = tuple[Kind, str, int, int | None, int | None, bool, str]
"""The properties of a finding that must agree.

Kind, rule, receiver, stream, item, whether the item is a hole, text.
"""


class Spans:
    """The times at which each connection opens, begins to end and is gone."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.opening: dict[int, int] = {}
        self.ending: dict[int, int] = {}
        self.gone: dict[int, int] = {}
        for event in events:
            match event:
                case Opening(number, at):
                    self.opening[number] = at
                case Closing(number, at):
                    self.ending.setdefault(number, at)
                case Dying(number, at) | Closed(number, at):
                    self.ending.setdefault(number, at)
                    self.gone.setdefault(number, at)
                case _:
                    pass


class Aspect(Enum):
    """The aspects of findings in which the judges may differ."""

    EXISTENCE = "only one of the judges need have the finding"
    STREAM = "both judges must have the finding, but one need not know the stream"


@dataclass(frozen=True)
class Difference:
    """Findings in which the judges may differ, in which aspect, and why."""

    aspect: Aspect
    reason: str
    concerns: Callable[[Finding, Spans], bool]
    with_fault: Callable[[Kind | None], bool] = lambda _: True
    """Whether it exists in a world with a fault of this kind, or (None) in a history told by hand."""


def sender_opens_later(finding: Finding, spans: Spans) -> bool:
    """Whether the frame's sender opens only later.

    True also if the stream of the finding is unknown.
    """
    if finding.stream is None:
        return True
    return any(isinstance(one, Received) and one.at < spans.opening[finding.stream] for one in finding.witness)


DIFFERENCES = (
    Difference(
        Aspect.EXISTENCE,
        "a total order can only be judged from the whole history: the streaming judge leaves it to the offline one",
        lambda finding, _: finding.rule == "ORDER-2",
    ),
    Difference(
        Aspect.EXISTENCE,
        "the streaming judge keeps few timestamps, so it can miss that a frame in a wrong place has a wrong one, too",
        lambda finding, _: finding.kind is Kind.WRONG_TIME,
        lambda fault: fault not in (Kind.WRONG_TIME, None),
    ),
    Difference(
        Aspect.STREAM,
        "the streaming judge cannot know a connection that opens only later",
        lambda finding, spans: finding.kind is Kind.PHANTOM and sender_opens_later(finding, spans),
    ),
)
"""Every difference between the judges that is meant. docs/oracle.md has the same list."""


def essence(findings: Iterable[Finding], spans: Spans, fault: Kind | None = None) -> Counter[Essence]:
    """Count the properties of findings that must agree.

    `fault`: the kind of the fault that was put into a correct world; None for a history told by hand.
    """
    found: Counter[Essence] = Counter()
    for one in findings:
        differences = [each for each in DIFFERENCES if each.with_fault(fault) and each.concerns(one, spans)]
        aspects = {difference.aspect for difference in differences}
        if Aspect.EXISTENCE not in aspects:
            stream = None if Aspect.STREAM in aspects else one.stream
            found[one.kind, one.rule, one.receiver, stream, one.item, one.hole, one.text] += 1
    return found
