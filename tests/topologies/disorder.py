"""A pytest plugin with which everybody hears things out of order."""

from typing import NoReturn

from roomproof.stage.person import Person
from roomproof.stage.scene import RuleBrokenError


def _hears(self: Person, *contents: str, rule: str | None = None) -> NoReturn:
    raise RuleBrokenError(rule or "ORDER-1", f"{self.user} to hear {contents[0]!r} first", self.account())


Person.hears = _hears  # type: ignore[method-assign]
