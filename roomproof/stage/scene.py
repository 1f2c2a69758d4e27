"""What everybody on a stage shares, and how an expectation fails."""

import itertools
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

from roomproof.client.http import Http
from roomproof.client.target import Target
from roomproof.printable import escaped
from roomproof.recorder import Recorder


class RuleBrokenError(AssertionError):
    """The server did not do what a rule says. `rule` is None where the history will tell which."""

    def __init__(self, rule: str | None, expected: str, got: str) -> None:
        super().__init__(escaped(f"expected {expected}, got {got}"))
        self.rule = rule
        self.expected = expected
        self.got = got


@dataclass(slots=True)
class Scene:
    """The target, and the history of what is done to it. `token` makes this scenario's contents unlike all others."""

    target: Target
    http: Http
    recorder: Recorder = field(default_factory=Recorder)
    token: str = field(default_factory=lambda: secrets.token_hex(4))
    sources: Iterator[str | None] = field(default_factory=lambda: itertools.repeat(None))
    """The client addresses from which people come whom nobody tells another."""
    _counter: Iterator[int] = field(default_factory=itertools.count)

    @property
    def deadline(self) -> float:
        """How long anything may take, in seconds."""
        return self.target.deadline

    def unique(self, text: str) -> str:
        """The text, marked so that it can be told from everything else that is ever said."""
        return f"{text} [{self.token}.{next(self._counter)}]"
