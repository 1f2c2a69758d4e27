"""Faults of order."""

import asyncio
from typing import Any

from reference_server.instance import Instance
from reference_server.member import Member
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.tellings import Tell, encoded, is_message, told


@fault("some swapped for one", breaks="ORDER-1", shows=Kind.REORDERED)
def swapped_for_one() -> None:
    """Every 50th message to somebody other than its sender is held back until after the next of the same sender."""
    turn = every(50)

    def change(member: Any, fields: dict[str, Any], tell: Tell) -> bool:
        held = member.__dict__.setdefault("_held", {})
        sender = fields.get("sender_id")
        if is_message(fields) and sender != member.user_id and sender not in held and turn():
            held[sender] = fields
            return True
        fine = tell(encoded(fields))
        return tell(encoded(held.pop(sender))) and fine if sender in held else fine

    told(change)


@fault("orders differ between members", breaks="ORDER-2")
def orders_differ() -> None:
    """Every other member hears each message only after the next one of somebody else."""

    def change(member: Any, fields: dict[str, Any], tell: Tell) -> bool:
        if list(member._room.members).index(member) % 2 == 0:
            return tell(encoded(fields))
        held, member._held = member.__dict__.get("_held"), None
        if held is None and is_message(fields) and fields["sender_id"] != member.user_id:
            member._held = fields
            member._instance.later(lambda: _release(member, tell))
            return True
        if held is not None and held.get("sender_id") == fields.get("sender_id"):
            return tell(encoded(held)) and tell(encoded(fields))
        return tell(encoded(fields)) and (held is None or tell(encoded(held)))

    def _release(member: Any, tell: Tell) -> None:
        held, member._held = member._held, None
        if held is not None:
            tell(encoded(held))

    _lend_a_clock()
    told(change)


def _lend_a_clock() -> None:
    """Give instances a way to do something a moment later, so that nothing that is held back is lost."""
    import asyncio

    from reference_server.instance import Instance

    Instance.later = lambda _, act: asyncio.get_running_loop().call_later(0.02, act)  # type: ignore[attr-defined]


@fault("announced after speaking", breaks="JOIN-4")
def announced_after_speaking() -> None:
    """A join is announced only when the newcomer has said something, or 50 ms later."""
    import asyncio

    from tests.faults.plants.tellings import joined

    turn = every(1)

    def change(member: Any, fields: dict[str, Any], tell: Tell) -> bool:
        late = member.__dict__.setdefault("_late", {})
        user = joined(fields)
        if user is not None and turn():
            late[user] = fields
            asyncio.get_running_loop().call_later(0.05, _announce, member, user, tell)
            return True
        fine = tell(encoded(fields))
        _announce(member, fields.get("sender_id"), tell)
        return fine

    def _announce(member: Member, user: str | None, tell: Tell) -> None:
        fields = member.__dict__["_late"].pop(user, None)
        if fields is not None:
            tell(encoded(fields))

    told(change)


@fault("long messages overtaken", breaks="ORDER-1", shows=Kind.REORDERED)
def overtaken() -> None:
    """A message of more than 2,000 code points is told 3 ms later than it could be, whatever comes behind it."""

    def wrapped(say: Any) -> Any:
        def slow(self: Instance, room: Any, speaker: Any, content: str) -> None:
            if len(content) > 2_000:
                asyncio.get_running_loop().call_later(0.003, say, self, room, speaker, content)
            else:
                say(self, room, speaker, content)

        return slow

    wrap(Instance, "send_message", wrapped)
