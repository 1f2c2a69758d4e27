"""Faults of order."""

import asyncio
from typing import Any

from reference_server.instance import Instance
from reference_server.member import Member
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault, wrap
from tests.faults.plants.hooks import Send, encoded, is_message, on_send


@fault(
    "some swapped for one",
    breaks="ORDER-1",
    shows=Kind.REORDERED,
    also={
        "DELIVER-1": "what is held back to be swapped is lost if nothing follows",
        "ORDER-2": "the others receive another order",
    },
    perhaps={
        "CLOSE-4": "the message beside a slow reader is held back",
        "DELIVER-2": "the echo is held back",
        "DELIVER-5": "one of the special contents is held back",
        "DELIVER-11": "last words before a close are held back",
        "DELIVER-12": "last words of the dead are held back",
        "DELIVER-16": "a word to another device is held back",
        "FRAME-2": "a message after a bad frame of another is held back",
        "JOIN-2": "a word to another device is held back",
        "JOIN-3": "a word to a newcomer is held back",
        "LEAVE-3": "the leave notice is swapped with the last message",
        "LEAVE-4": "a message after a leave is held back",
        "DELIVER-9": "what is swapped has an earlier timestamp",
    },
)
def swapped_for_one() -> None:
    """Every 50th delivery to another member waits for the sender's next message."""
    turn = every(50)

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        held = member.__dict__.setdefault("_held", {})
        sender = fields.get("sender_id")
        if is_message(fields) and sender != member.user_id and sender not in held and turn():
            held[sender] = fields
            return True
        fine = send(encoded(fields))
        return send(encoded(held.pop(sender))) and fine if sender in held else fine

    on_send(change)


@fault(
    "orders differ between members",
    breaks="ORDER-2",
    also={"LEAVE-3": "the leave notice changes places with the last message"},
    perhaps={"ORDER-1": "so do two messages of one sender", "DELIVER-12": "so do last words of the dead"},
)
def orders_differ() -> None:
    """Every other member receives each message after the next one by another sender."""

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        if list(member._room.members).index(member) % 2 == 0:
            return send(encoded(fields))
        held, member._held = member.__dict__.get("_held"), None
        if held is None and is_message(fields) and fields["sender_id"] != member.user_id:
            member._held = fields
            member._instance.later(lambda: _release(member, send))
            return True
        if held is not None and held.get("sender_id") == fields.get("sender_id"):
            return send(encoded(held)) and send(encoded(fields))
        return send(encoded(fields)) and (held is None or send(encoded(held)))

    def _release(member: Any, send: Send) -> None:
        held, member._held = member._held, None
        if held is not None:
            send(encoded(held))

    _add_a_timer()
    on_send(change)


def _add_a_timer() -> None:
    """Give instances a timer of 20 ms, so that no message that is held back is lost."""
    import asyncio

    from reference_server.instance import Instance

    Instance.later = lambda _, act: asyncio.get_running_loop().call_later(0.02, act)  # type: ignore[attr-defined]


@fault(
    "joins announced after the first message",
    breaks="JOIN-4",
    also={"JOIN-1": "whoever says nothing is not announced"},
    perhaps={"ORDER-2": "the notice comes at another place for each member"},
)
def announced_after_speaking() -> None:
    """A join is announced only after the new member's first message, or 50 ms later."""
    import asyncio

    from tests.faults.plants.hooks import joined

    turn = every(1)

    def change(member: Any, fields: dict[str, Any], send: Send) -> bool:
        late = member.__dict__.setdefault("_late", {})
        user = joined(fields)
        if user is not None and turn():
            late[user] = fields
            asyncio.get_running_loop().call_later(0.05, _announce, member, user, send)
            return True
        fine = send(encoded(fields))
        _announce(member, fields.get("sender_id"), send)
        return fine

    def _announce(member: Member, user: str | None, send: Send) -> None:
        fields = member.__dict__["_late"].pop(user, None)
        if fields is not None:
            send(encoded(fields))

    on_send(change)


@fault(
    "long messages overtaken",
    breaks="ORDER-1",
    shows=Kind.REORDERED,
    also={"DELIVER-9": "what is overtaken has an earlier timestamp"},
)
def overtaken() -> None:
    """A message over 2,000 code points is sent 3 ms late: shorter ones overtake it."""

    def wrapped(say: Any) -> Any:
        def slow(self: Instance, room: Any, speaker: Any, content: str) -> None:
            if len(content) > 2_000:
                asyncio.get_running_loop().call_later(0.003, say, self, room, speaker, content)
            else:
                say(self, room, speaker, content)

        return slow

    wrap(Instance, "send_message", wrapped)
