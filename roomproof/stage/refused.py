"""Expectations that a connection is refused, and in which form."""

from collections.abc import Callable
from dataclasses import dataclass

from roomproof.stage.endings import Refusal
from roomproof.stage.person import Person
from roomproof.stage.scene import RuleBrokenError


@dataclass(frozen=True, slots=True)
class RefusalForm:
    """A form that a refusal may have, and its name in messages."""

    fits: Callable[[Refusal], bool]
    name: str


UNKNOWN_ROOM = RefusalForm(
    lambda refusal: refusal.is_unknown_room, "a handshake with 403, or a close with 4004 before any other frame"
)
NO_ROOM = RefusalForm(
    lambda refusal: refusal.is_no_room,
    "a handshake with any status other than 101, or a close with 4004 before any other frame",
)
OUTSIDER = RefusalForm(
    lambda refusal: refusal.is_outsider,
    "a handshake with 401 or 403, or a close with 1008 or 4004 before any other frame",
)
SILENT = RefusalForm(lambda refusal: refusal.is_silent, "a refusal before any message or notice")
BAD_USER = RefusalForm(
    lambda refusal: refusal.is_bad_user, "any 4xx, or a close with 1008 or 4004 before any other frame"
)


def expect_refused(answer: Refusal | Person, form: RefusalForm, *, rule: str, whom: str) -> None:
    """Raise RuleBrokenError with this rule unless a connection was refused.

    `form` is how it should be refused. `whom` names who should be refused, and where.
    """
    if isinstance(answer, Person):
        got = f"it let in, then {answer.account()}"
        raise RuleBrokenError(rule, f"{whom} to be refused", got, connection=answer.connection.number)
    if not form.fits(answer):
        raise RuleBrokenError(rule, f"{form.name} for {whom}", str(answer), connection=answer.connection)
