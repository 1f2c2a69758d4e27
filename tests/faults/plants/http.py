"""Faults in answers to HTTP requests."""

import json
from typing import Any

from quart import Response

from reference_server import bodies, names, serve
from reference_server.instance import Instance
from reference_server.sqlite_store import SqliteStore
from tests.faults.fault import every, fault, wrap


def _answers(endpoint: str, change: Any) -> None:
    """Let `change(status, fields)` replace the answers of a route."""

    def wrapped(create_app: Any) -> Any:
        def creating(*arguments: Any, **options: Any) -> Any:
            application = create_app(*arguments, **options)
            view = application.view_functions[endpoint]

            async def changed(**arguments: Any) -> Any:
                answer = await view(**arguments)
                fields = json.loads(await answer.get_data()) if answer.status_code != 204 else {}
                status, fields = change(answer.status_code, fields)
                return Response(json.dumps(fields) if status != 204 else "", status, content_type="application/json")

            application.view_functions[endpoint] = changed
            return application

        return creating

    wrap(serve, "create_app", wrapped)


@fault("names trimmed", breaks="CREATE-1")
def names_trimmed() -> None:
    """The answer to a creation has the name without white space at its ends."""
    _answers("create", lambda status, fields: (status, fields | {"name": fields["name"].strip()}))


@fault("names beyond 255 bytes refused", breaks="CREATE-1")
def names_in_bytes() -> None:
    """A name of more than 255 bytes is refused, although 200 characters can have more."""
    _refusing(lambda chat: len(chat.name.encode()) > 255)


@fault("created_at missing", breaks="CREATE-1", also={"CREATE-5": "a fetched room lacks it, too"})
def created_at_missing() -> None:
    """The answer to a creation has null for created_at."""
    _answers("create", lambda status, fields: (status, {**fields, "created_at": None}))


@fault("ids repeated", breaks="CREATE-2")
def ids_repeated() -> None:
    """The answer to every 15th creation has the id of the previous room."""
    turn = every(15)
    latest: list[str] = []

    def change(status: int, fields: dict[str, Any]) -> Any:
        if turn():
            fields = fields | {"id": latest[-1]}
        latest.append(fields["id"])
        return status, fields

    _answers("create", change)


@fault("metadata dropped", breaks="CREATE-3", also={"CREATE-5": "a fetched room lacks them, too"})
def metadata_dropped() -> None:
    """The answer to a creation has empty metadata."""
    _answers("create", lambda status, fields: (status, fields | {"metadata": {}}))


@fault("numbers in metadata made strings", breaks="CREATE-3", also={"CREATE-5": "a fetched room has them, too"})
def metadata_strings() -> None:
    """The answer to a creation has strings for the numbers in metadata."""

    def as_text(value: Any) -> Any:
        match value:
            case bool():
                return value
            case int() | float():
                return str(value)
            case dict():
                return {name: as_text(one) for name, one in value.items()}
            case list():
                return [as_text(one) for one in value]
        return value

    _answers("create", lambda status, fields: (status, fields | {"metadata": as_text(fields["metadata"])}))


@fault(
    "metadata missing",
    breaks="CREATE-3",
    also={"CREATE-1": "a room without metadata has an empty object", "CREATE-5": "a fetched room lacks it, too"},
)
def metadata_missing() -> None:
    """The answer to a creation has no metadata."""
    _answers("create", lambda status, fields: (status, {k: v for k, v in fields.items() if k != "metadata"}))


@fault("metadata beyond 16 levels refused", breaks="CREATE-3")
def metadata_flat() -> None:
    """Metadata nested more than 16 levels deep is refused."""

    def levels(value: Any) -> int:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
        return 0 if inner is None else 1 + max(map(levels, inner), default=0)

    _refusing(lambda chat: levels(chat.metadata) > 16)


@fault("numbers beyond 64 bits refused", breaks="CREATE-3", also={"CREATE-7": "longer numbers are refused, too"})
def numbers_of_64_bits() -> None:
    """Metadata with a whole number of more than 64 bits are refused."""
    refuse_whole_numbers_from(2**64)


@fault("numbers beyond 38 digits refused", breaks="CREATE-7")
def numbers_of_38_digits() -> None:
    """Metadata with a whole number of more than 38 digits are refused."""
    refuse_whole_numbers_from(10**38)


def refuse_whole_numbers_from(limit: int) -> None:
    """Refuse metadata with a whole number of at least this size."""
    _refusing(lambda chat: any(isinstance(one, int) and abs(one) >= limit for one in chat.metadata.values()))


def _refusing(is_refused: Any) -> None:
    def wrapped(new_chat: Any) -> Any:
        def strict(body: bytes) -> Any:
            chat = new_chat(body)
            if is_refused(chat):
                raise bodies.BodyError("too much")
            return chat

        return strict

    wrap(bodies, "new_chat", wrapped)


@fault("500 for bad bodies", breaks="CREATE-4")
def bad_body_500() -> None:
    """A bad body is answered with 500."""
    wrap(bodies, "new_chat", _breaking)


@fault("500 for rooms of nobody", breaks="CREATE-4")
def creator_500() -> None:
    """A body without created_by is answered with 500."""

    def wrapped(new_chat: Any) -> Any:
        def trusting(body: bytes) -> Any:
            if b'{"name"' in body and b"created_by" not in body:
                raise KeyError("created_by")
            return new_chat(body)

        return trusting

    wrap(bodies, "new_chat", wrapped)


@fault("bad bodies accepted", breaks="CREATE-4")
def bad_body_accepted() -> None:
    """A bad body creates a room called Unnamed."""
    _unnamed()


@fault("bad bodies refused, but rooms made", breaks="CREATE-4")
def bad_body_taken() -> None:
    """A bad body is answered with 400, but creates a room, whose id is in the answer."""
    _unnamed()
    _answers("create", lambda status, fields: (400 if fields.get("name") == "Unnamed" else status, fields))


def _unnamed() -> None:
    def wrapped(new_chat: Any) -> Any:
        def lenient(body: bytes) -> Any:
            try:
                return new_chat(body)
            except bodies.BodyError:
                return bodies.NewChat("Unnamed", names.UserId("nobody"), {})

        return lenient

    wrap(bodies, "new_chat", wrapped)


def _breaking(read: Any) -> Any:
    def break_(body: bytes) -> Any:
        try:
            return read(body)
        except bodies.BodyError as error:
            raise RuntimeError("broken") from error

    return break_


@fault("200 for unknown rooms", breaks="CREATE-5", also={"CREATE-6": "a deleted room is an unknown one"})
def unknown_200() -> None:
    """Fetching a room that does not exist is answered with 200."""
    _answers("fetch", lambda _, fields: (200, fields))


@fault("fetched rooms without metadata", breaks="CREATE-5")
def fetched_without() -> None:
    """A fetched room has empty metadata."""
    _answers("fetch", lambda status, fields: (status, fields | {"metadata": {}}))


@fault("participants listed as objects", breaks="CREATE-5")
def participant_objects() -> None:
    """A fetched room lists its participants as objects."""

    def change(status: int, fields: dict[str, Any]) -> Any:
        objects = [{"user_id": user} for user in fields.get("participants", [])]
        return status, fields | ({"participants": objects} if status == 200 else {})

    _answers("fetch", change)


@fault("deleted rooms live on", breaks="CREATE-6", also={"CLOSE-3": "their members are not closed"})
def deleted_live_on() -> None:
    """Deleting a room answers 204 and deletes nothing."""

    async def exists(self: Any, chat_id: Any) -> bool:
        return bool(await self.exists(chat_id))

    wrap(SqliteStore, "delete", lambda _: exists)
    wrap(Instance, "delete", lambda _: lambda *_: None)


@fault("a deletion is answered with a redirect", breaks="CREATE-6")
def deletion_redirected() -> None:
    """Deleting a room deletes it, and answers 303."""
    _answers("delete", lambda status, fields: (303, fields) if status == 204 else (status, fields))


@fault("several participants refused", breaks="PARTICIPANTS-1")
def participants_500() -> None:
    """Adding more than one participant is answered with 500."""

    def change(status: int, fields: dict[str, Any]) -> Any:
        return (500, {}) if len(fields.get("participant_ids", [])) > 1 else (status, fields)

    _answers("add_participants", change)


@fault("adding a participant again refused", breaks="PARTICIPANTS-2")
def conflict() -> None:
    """Adding a user who is a participant already is answered with 409."""
    seen: set[str] = set()

    def change(status: int, fields: dict[str, Any]) -> Any:
        key = json.dumps([fields, _current_path()])
        again = status == 200 and key in seen
        seen.add(key)
        return (409, {"error": "already there"}) if again else (status, fields)

    _answers("add_participants", change)


def _current_path() -> str:
    from quart import request

    return request.path


@fault("participants of unknown rooms", breaks="PARTICIPANTS-3", also={"CREATE-6": "a deleted room is an unknown one"})
def unknown_participants() -> None:
    """Adding participants to a room that does not exist is answered with 200."""
    _answers("add_participants", lambda _, fields: (200, fields))


@fault("500 for bad participants", breaks="PARTICIPANTS-4")
def bad_participants() -> None:
    """A bad list of participants is answered with 500."""
    wrap(bodies, "participants", _breaking)


@fault("health is broken", breaks="STATS-5")
def unhealthy() -> None:
    """The health check is answered with 500."""
    _answers("health", lambda _, fields: (500, fields))


@fault("text after the JSON of a body ignored", breaks="CREATE-4")
def trailing_ignored() -> None:
    """Only the first JSON value of a body is read; text after it is ignored."""

    def wrapped(new_chat: Any) -> Any:
        def lenient(body: bytes) -> Any:
            try:
                value, _ = json.JSONDecoder().raw_decode(body.decode())
            except ValueError:
                return new_chat(body)
            return new_chat(json.dumps(value).encode())

        return lenient

    wrap(bodies, "new_chat", wrapped)


@fault("metadata keys in lower case", breaks="CREATE-3", also={"CREATE-5": "a fetched room has them, too"})
def small_keys() -> None:
    """The answer to a creation has the keys of metadata in lower case."""

    def change(status: int, fields: dict[str, Any]) -> Any:
        return status, fields | {"metadata": {name.lower(): value for name, value in fields["metadata"].items()}}

    _answers("create", change)


@fault("unknown fields of bodies refused", breaks="CREATE-1")
def unknown_fields_refused() -> None:
    """A body with an unknown field is refused."""

    def wrapped(read: Any) -> Any:
        def strict(body: bytes) -> Any:
            chat = read(body)
            if json.loads(body).keys() - {"name", "created_by", "metadata"}:
                raise bodies.BodyError("expected no other fields")
            return chat

        return strict

    wrap(bodies, "new_chat", wrapped)
