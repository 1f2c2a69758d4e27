"""The values that all people on a stage share, and the error when a rule breaks."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomproof.client.http import Http
from roomproof.client.target import Target
from roomproof.printable import escaped
from roomproof.recorder import Recorder


class RuleBrokenError(AssertionError):
    """The server broke a rule; `rule` is None where the judge finds out which."""

    def __init__(self, rule: str | None, expected: str, got: str) -> None:
        super().__init__(escaped(f"expected {expected}, got {got}"))
        self.rule = rule
        self.expected = expected
        self.got = got


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
    """The client addresses from which people come by default."""
    _counter: Iterator[int] = field(default_factory=itertools.count)

    @property
    def deadline(self) -> float:
        """Seconds within which anything has to happen."""
        return self.target.deadline

    def unique(self, text: str) -> str:
        """The text with a mark that makes it unlike everything else that is said."""
        return f"{text} [{self.token}.{next(self._counter)}]"
