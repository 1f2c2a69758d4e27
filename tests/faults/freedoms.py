"""Servers that use freedoms of the protocol: the suite must accuse none."""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from quart import Response, websocket

from reference_server import bodies, frames, outbox, serve
from reference_server.clock import Clock
from reference_server.frames import BadFrame
from reference_server.member import Member
from reference_server.outbox import Outbox
from reference_server.room import ChatRoom
from roomproof.spec.limits import UNDELIVERED_MESSAGES, CloseCode
from tests.faults.fault import every, wrap
from tests.faults.plants.frames import close_when_deep, relay_lone_surrogates, take_unmasked_frames
from tests.faults.plants.hooks import Send, before_websocket, encoded, on_receive, on_send
from tests.faults.plants.http import refuse_whole_numbers_from
from tests.faults.plants.participants import take_participants_only
from tests.faults.plants.refusal import take_empty_user_ids

SLOW_FROM_FRAMES = 20
"""Number of queued frames from which a patient server sends slowly."""

SLOW_FRAME_S = 0.03
"""Seconds for which it pauses after each frame then."""

MESSAGE_START = '{"type":"message"'
"""The beginning of a frame that carries a message, as the reference server writes it."""

GIVE_UP_S = 0.5
"""Seconds after which a slow server closes a member that it has given up."""

SLOW_DELIVERY_S = 2.0
"""Seconds that a slow server takes for some deliveries.

They are fewer than the server gives to what is queued for a member that it closes (CLOSING_FLUSH_SECONDS)."""

DELIVERY_S = 0.02
"""Seconds that it takes for all others."""

FREEDOMS: dict[str, tuple[Callable[[], None], tuple[str, ...]]] = {}
"""Servers by name.

Each has a function that changes the reference server in this process for good, and the capabilities that it adds."""

SHOULDS_NOT_KEPT: dict[str, frozenset[str]] = {}
"""The SHOULDs that a server does not keep, by its name; none for servers that are not in here."""


def freedom(
    name: str, *, breaks: tuple[str, ...] = (), declares: tuple[str, ...] = ()
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    """Register a server; the docstring of the function says which freedoms it takes.

    `breaks` are SHOULDs, and `declares` capabilities beyond those of the reference server.
    """

    def register(take: Callable[[], None]) -> Callable[[], None]:
        FREEDOMS[name] = take, declares
        SHOULDS_NOT_KEPT[name] = frozenset(breaks)
        return take

    return register


@freedom("talkative")
def talkative() -> None:
    """Send more than the reference server does.

    Send unknown fields, frame types and system texts, a new member's own notice, and ids in error bodies.
    Answer a deletion with 200 and a body.
    """

    def change(member: Member, fields: dict[str, Any], send: Send) -> bool:
        send(encoded({"type": "presence", "who": [member.user_id]}))
        send(encoded({"type": "system", "content": "the weather is nice"}))
        return send(encoded({**fields, "trace": {"hops": [1, None, {"ms": 0.5}]}, "type": fields["type"]}))

    on_send(change)

    def wrapped(join: Any) -> Any:
        def telling(self: ChatRoom[Any], member: Any, timestamp: str) -> Any:
            behind = join(self, member, timestamp)
            member.enqueue(frames.join_notice(member.user_id, self.chat_id, timestamp))
            return behind

        return telling

    wrap(ChatRoom, "join", wrapped)
    _answers(lambda status, fields: (status, {**fields, "server": "x"} | ({"id": "e-1"} if status >= 400 else {})))
    _answers(lambda status, fields: (200, {"deleted": True}) if status == 204 else (status, fields))


@freedom("terse")
def terse() -> None:
    """Answer otherwise than the reference server does.

    Answer 200 for 201, write times with a Z, close on binary frames with 1003, take frames without a type.
    Answer a handshake for `stats` like any other request for the statistics, and one for `ws` with a redirect.
    """
    _answers(lambda status, fields: (200 if status == 201 else status, fields))
    before_websocket(_other_path)
    wrap(Clock, "timestamp", lambda timestamp: lambda self: f"{timestamp(self).partition('.')[0]}Z")

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        typeless = isinstance(understood, BadFrame) and isinstance(frame, str) and _typeless(frame)
        return decode(json.dumps({"type": "message", **typeless})) if typeless else understood

    on_receive(change)

    def hearing(hear: Any) -> Any:
        def listening(self: Any, frame: str | bytes) -> None:
            if isinstance(frame, bytes):
                self.close(1003)
            else:
                hear(self, frame)

        return listening

    wrap(Member, "_handle", hearing)


@freedom("lenient", breaks=("FRAME-9", "REFUSE-6"))
def lenient() -> None:
    """Rooms are made for whoever `created_by` says, be it nobody or nonsense.

    Empty user ids are let in, unmasked frames are taken, and lone surrogates are relayed. A frame that is nested too
    deep ends its connection.
    """
    take_empty_user_ids()
    take_unmasked_frames()

    def wrapped(new_chat: Any) -> Any:
        def reading(body: bytes) -> Any:
            try:
                fields = json.loads(body)
                creator = fields.get("created_by")
            except (ValueError, AttributeError):
                return new_chat(body)
            is_named = isinstance(creator, str) and creator != ""
            return new_chat(body if is_named else json.dumps({**fields, "created_by": "?"}).encode())

        return reading

    wrap(bodies, "new_chat", wrapped)
    close_when_deep(1011)
    relay_lone_surrogates()


@freedom("patient")
def patient() -> None:
    """Keep up to 1,000 frames for a slow reader, and send them slowly.

    A backlog takes longer than 5 s.
    """
    outbox.OUTBOX_FRAMES = 1_000
    outbox.OUTBOX_BYTES = 2**24

    def wrapped(get: Any) -> Any:
        async def getting(self: Outbox) -> Any:
            frame = await get(self)
            if len(self._frames) > SLOW_FROM_FRAMES:
                await asyncio.sleep(SLOW_FRAME_S)
            return frame

        return getting

    wrap(Outbox, "get", wrapped)


@freedom("slow and strict")
def slow_and_strict() -> None:
    """Take 2 s for every 100th delivery, and give members up.

    A member is given up at its 16th undelivered message. It receives nothing more, and is closed with 1013 a moment
    later.
    """
    is_slow = every(100)

    def wrapped_put(put: Any) -> Any:
        def putting(self: Outbox, frame: str) -> bool:
            undelivered = sum(one.startswith(MESSAGE_START) for one in [*self._frames, frame])
            if frame.startswith(MESSAGE_START) and undelivered >= UNDELIVERED_MESSAGES:
                return False
            due = self.__dict__.setdefault("_due", deque())
            due.append(asyncio.get_running_loop().time() + (SLOW_DELIVERY_S if is_slow() else DELIVERY_S))
            return bool(put(self, frame))

        return putting

    def wrapped_get(get: Any) -> Any:
        async def getting(self: Outbox) -> Any:
            frame = await get(self)
            if frame is not None:
                self._frames.appendleft(frame)  # undelivered until it is sent
                await asyncio.sleep(max(0, self.__dict__["_due"].popleft() - asyncio.get_running_loop().time()))
                if self.__dict__.get("_given_up"):
                    await asyncio.get_running_loop().create_future()  # the end of the member cancels this
                if self._frames:
                    self._frames.popleft()
            return frame

        return getting

    def wrapped_close(close: Any) -> Any:
        def closing(self: Member, code: int) -> None:
            later = 0.0
            if code == CloseCode.TOO_FAR_BEHIND:
                later = GIVE_UP_S
                self._outbox.__dict__["_given_up"] = True
            asyncio.get_running_loop().call_later(later, close, self, code)

        return closing

    wrap(Outbox, "put", wrapped_put)
    wrap(Outbox, "get", wrapped_get)
    wrap(Member, "close", wrapped_close)


@freedom("by invitation only", breaks=("CREATE-7",), declares=("participants-only",))
def by_invitation_only() -> None:
    """Refuse users that are no participants (403), and numbers over 38 digits."""
    refuse_whole_numbers_from(10**38)
    take_participants_only()


async def _other_path() -> Response | None:
    """Answer a handshake for a path that is no room's, before it is looked at as one."""
    match websocket.path.rpartition("/")[2]:
        case "stats":
            return Response(
                '{"total_connections":0,"active_rooms":[],"rooms_count":0}', content_type="application/json"
            )
        case "ws":
            return Response(status=307, headers={"Location": "/api/chats/ws/"})
    return None


def _typeless(frame: str) -> dict[str, Any]:
    try:
        fields = json.loads(frame)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) and "type" not in fields else {}


def _answers(change: Callable[[int, dict[str, Any]], tuple[int, dict[str, Any]]]) -> None:
    """Let `change(status, fields)` replace every answer that is JSON or has no body."""

    def wrapped(create_app: Any) -> Any:
        def creating(*arguments: Any, **options: Any) -> Any:
            application = create_app(*arguments, **options)

            @application.after_request  # type: ignore[untyped-decorator]  # the application is Any here
            async def changed(response: Response) -> Response:
                body = await response.get_data(as_text=True)
                if response.mimetype != "application/json" and body:
                    return response
                status, fields = change(response.status_code, json.loads(body or "{}"))
                if status == 204:
                    return Response(status=status)
                return Response(json.dumps(fields), status, content_type="application/json")

            return application

        return creating

    wrap(serve, "create_app", wrapped)
