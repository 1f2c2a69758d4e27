"""Faults in which connections are refused, and how."""

from typing import Any

from reference_server import handshake
from reference_server.instance import Instance
from reference_server.names import can_be_chat_id
from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import fault, wrap


def _always(value: bool) -> Any:
    async def answer(*_: Any) -> bool:
        return value

    return lambda _: answer


@fault("unknown rooms accepted", breaks="REFUSE-1")
def unknown_accepted() -> None:
    """A connection to an unknown room is accepted."""
    wrap(SqliteStore, "exists", _always(True))


@fault("the statistics are a room", breaks="REFUSE-1")
def stats_accepted() -> None:
    """A connection to `stats` is accepted, as if `stats` were the id of a room."""

    def wrapped(exists: Any) -> Any:
        async def lenient(self: Any, chat_id: Any) -> bool:
            return chat_id == "stats" or bool(await exists(self, chat_id))

        return lenient

    wrap(SqliteStore, "exists", wrapped)


@fault(
    "impossible ids accepted",
    breaks="REFUSE-2",
    also={"REFUSE-1": "an id with a space behind it is cut to that of a room"},
)
def impossible_accepted() -> None:
    """A connection to an impossible room id is accepted."""

    def wrapped(exists: Any) -> Any:
        async def lenient(self: Any, chat_id: Any) -> bool:
            return not can_be_chat_id(chat_id) or await exists(self, chat_id)

        return lenient

    wrap(handshake, "can_be_chat_id", lambda _: lambda _: True)
    wrap(SqliteStore, "exists", wrapped)


def _closed_with(code: int, *before: str) -> None:
    """Accept connections to unknown rooms, send `before`, and close with `code`."""

    def wrapped(refusal: Any) -> Any:
        def refuse(status: int, chat_id: str, reason: str) -> Any:
            return refusal(status, chat_id, reason) if status != 403 else _LATE

        return refuse

    def wrapped_app(create_app: Any) -> Any:
        def creating(*arguments: Any, **options: Any) -> Any:
            application = create_app(*arguments, **options)
            connect = application.view_functions["connect"]

            async def late(chat_id: str) -> Any:
                answer = await connect(chat_id=chat_id)
                if answer is not _LATE:
                    return answer
                from quart import websocket

                await websocket.accept()
                for frame in before:
                    await websocket.send(frame)
                await websocket.close(code)
                return None

            application.view_functions["connect"] = late
            return application

        return creating

    from reference_server import serve

    wrap(handshake, "_refusal", wrapped)
    wrap(serve, "create_app", wrapped_app)


_LATE = object()


@fault(
    "wrong close code for unknown rooms",
    breaks="REFUSE-1",
    also={"CREATE-6": "a deleted room is an unknown one"},
    perhaps={"CLOSE-3": "whoever enters while a room is deleted is refused in the same way"},
)
def wrong_code() -> None:
    """A connection to an unknown room is accepted and closed with 1000."""
    _closed_with(1000)


@fault("frames before the refusal", breaks="REFUSE-1", also={"CREATE-6": "a deleted room is an unknown one"})
def frames_before() -> None:
    """A connection to an unknown room is accepted, gets a frame, is closed with 4004."""
    _closed_with(4004, '{"type":"welcome"}')


@fault("unknown rooms are 404", breaks="REFUSE-1", also={"CREATE-6": "a deleted room is an unknown one"})
def wrong_status() -> None:
    """A handshake for an unknown room is answered with 404."""
    wrap(handshake, "_refusal", lambda refusal: lambda status, *more: refusal(404 if status == 403 else status, *more))


@fault("missing user ids accepted as anonymous", breaks="REFUSE-3")
def nobody_let_in() -> None:
    """A connection without a user id is accepted under the id anonymous."""
    wrap(handshake, "_user_ids", lambda original: lambda query: original(query) or ["anonymous"])


@fault("an empty user id is let in", breaks="REFUSE-6")
def empty_let_in() -> None:
    """The empty string is a user id like any other."""
    take_empty_user_ids()


def take_empty_user_ids() -> None:
    """Make the empty string a user id like any other."""
    wrap(
        handshake, "_user_id_problem", lambda problem: lambda user_ids: None if user_ids == [""] else problem(user_ids)
    )


@fault("the refused are counted", breaks="REFUSE-4", also={"STATS-2": "the total does not come back after the run"})
def refused_counted() -> None:
    """Every refused connection counts in total_connections, for ever."""
    _note_refusals()

    def wrapped(stats: Any) -> Any:
        def counting(self: Any) -> Any:
            found = stats(self)
            return found | {"total_connections": found["total_connections"] + len(_REFUSED)}

        return counting

    wrap(Instance, "stats", wrapped)


@fault("the refused are announced", breaks="REFUSE-4", also={"DELIVER-14": "nobody of the announced name has joined"})
def refused_announced() -> None:
    """A refused connection is announced to the members of its room as a join."""

    def wrapped(refusal: Any) -> Any:
        def announcing(status: int, chat_id: Any, reason: str) -> Any:
            from reference_server import frames
            from reference_server.clock import Clock

            for instance in _INSTANCES:
                for member in list(instance.room(chat_id).members):
                    member.enqueue(frames.join_notice("somebody", chat_id, Clock().timestamp()))  # type: ignore[arg-type]
            return refusal(status, chat_id, reason)

        return announcing

    _note_instances()
    wrap(handshake, "_refusal", wrapped)


_REFUSED: list[str] = []
_INSTANCES: list[Any] = []


def _note_refusals() -> None:
    def wrapped(refusal: Any) -> Any:
        def noting(status: int, chat_id: str, reason: str) -> Any:
            _REFUSED.append(chat_id)
            return refusal(status, chat_id, reason)

        return noting

    wrap(handshake, "_refusal", wrapped)


def _note_instances() -> None:
    def wrapped(init: Any) -> Any:
        def noting(self: Any, *arguments: Any) -> None:
            init(self, *arguments)
            _INSTANCES.append(self)

        return noting

    wrap(Instance, "__init__", wrapped)


@fault("ids trimmed", breaks="REFUSE-1")
def ids_trimmed() -> None:
    """White space around the room id in a handshake is ignored."""
    wrap(handshake, "can_be_chat_id", lambda can_be: lambda text: can_be(text.strip()))
    wrap(SqliteStore, "exists", lambda exists: lambda self, chat_id: exists(self, chat_id.strip()))
