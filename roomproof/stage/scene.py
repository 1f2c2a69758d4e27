"""The values that all people on a stage share, and the error when a rule breaks."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomproof.client.http import Http
from roomproof.client.target import Target
from roomproof.printable import escaped
from roomproof.recorder import Recorder
from roomproof.spec.rules import Need


class RuleBrokenError(AssertionError):
    """The server broke a rule, as only a scenario can see.

    `connection` is the number of the connection that shows it; None where there is none.
    """

    def __init__(self, rule: str | None, expected: str, got: str, *, connection: int | None = None) -> None:
        super().__init__(escaped(f"expected {expected}, got {got}"))
        self.rule = rule
        self.expected = expected
        self.got = got
        self.connection = connection


class UndeliveredError(RuleBrokenError):
    """Something did not arrive in time, or a person could not go on.

    The judge decides whether that breaks a rule, and which. `rule` is the rule that such a loss breaks in the
    circumstances of the scenario, which the judge does not know; None where the judge knows better. `content` is that
    of the message waited for; None for anything else.
    """

    def __init__(
        self, rule: str | None, expected: str, got: str, *, connection: int, content: str | None = None
    ) -> None:
        super().__init__(rule, expected, got, connection=connection)
        self.content = content


class LacksError(Exception):
    """A scenario needs something that the service lacks."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the service has no {what}")


def expect(condition: object, *, rule: str, expected: str, got: object, connection: int | None = None) -> None:
    """Raise RuleBrokenError with this rule unless a condition holds.

    For what the history cannot show: statuses, statistics, pongs, codes of Close frames. `connection` is the number of
    the connection that it is about.
    """
    if not condition:
        raise RuleBrokenError(rule, expected, str(got), connection=connection)


@dataclass(slots=True)
class Scene:
    """The target and the history of one scenario.

    `token` marks its contents as unique.
    """

    target: Target
    http: Http
    recorder: Recorder = field(default_factory=Recorder)
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    sources: Iterator[str | None] = field(default_factory=lambda: itertools.repeat(None))
    """The clients as which people connect by default."""
    _known: dict[str, str] = field(default_factory=dict)
    _counter: Iterator[int] = field(default_factory=itertools.count)

    def need(self, need: Need) -> None:
        """Raise LacksError if the service lacks something that a scenario is about to use."""
        if self.target.lacks(need):
            raise LacksError(need)

    def need_native_frames(self) -> None:
        """Raise LacksError if the service does not speak the frames of PROTOCOL.md."""
        if not self.target.dialect.has_native_frames:
            raise LacksError("frames of PROTOCOL.md")

    def known_as(self, user: str) -> str:
        """Return the name by which others know a user of a scenario."""
        return self._known.get(user, user)

    def meet(self, user: str, known_as: str) -> None:
        """Remember the name by which others know a user."""
        self._known[user] = known_as

    @property
    def deadline(self) -> float:
        """Seconds within which anything has to happen."""
        return self.target.deadline

    def unique(self, text: str) -> str:
        """The text with a mark that makes it unlike everything else that is said."""
        return f"{text} [{self.token}.{next(self._counter)}]"
