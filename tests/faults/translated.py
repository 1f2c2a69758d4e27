"""The reference server with other paths, fields and notices.

TARGET_FILE declares them. The translation stands in front of the application, so a planted fault stays below it. Keys
are renamed one by one: whatever else a fault does to a frame is seen through the dialect, too.
"""

import json
import re
import tomllib
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlencode

from reference_server import serve
from tests.faults.fault import wrap

Event = dict[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]

FROM_CLIENT = {"event": "type", "text": "content"}
FROM_SERVER = {
    "type": "event",
    "content": "text",
    "sender_id": "from",
    "chat_id": "room",
    "timestamp": "sent_at",
}
EVENTS = {"message": "chat", "error": "problem", "pong": "pong"}
"""Other names for the types of frames."""

REQUEST_FIELDS = {"title": "name", "owner": "created_by", "users": "participant_ids"}

TARGET_FILE = """
url = "{url}"
codec = "json"
strict = true

[room]
create = "POST /v1/rooms"
body = {{title = "{{name}}", owner = "{{user}}"}}
id = "room_id"
add = "POST /v1/rooms/{{room}}/members"
add_body = {{users = ["{{user}}"]}}

[connect]
path = "/v1/socket/{{room}}"
query = {{name = "{{user}}"}}

[say]
frame = {{event = "chat", text = "{{content}}"}}
ping = {{event = "ping"}}

[[hear]]
when = {{event = "chat"}}
message = {{content = "text", sender = "from", room = "room", timestamp = "sent_at"}}

[[hear]]
when = {{event = "notice", text = "{{user}} is here"}}
joined = {{room = "room", timestamp = "sent_at"}}

[[hear]]
when = {{event = "notice", text = "{{user}} is gone"}}
left = {{room = "room", timestamp = "sent_at"}}

[[hear]]
when = {{event = "problem"}}
error = {{content = "text"}}

[[hear]]
when = {{event = "pong"}}
pong = {{timestamp = "sent_at"}}

[bad]
frames = ["nonsense {{mark}}", {{event = "chat", mark = "{{mark}}"}}, {{event = "dance", text = "{{mark}}"}}]
"""
"""The target file of this server; the URL is filled in."""


def tables() -> dict[str, object]:
    """Return the tables of the target file that declare the dialect."""
    return {key: value for key, value in tomllib.loads(TARGET_FILE.format(url="")).items() if key != "url"}


class Translated:
    """An ASGI application that speaks the other dialect, in front of a native one."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        """Serve one request or connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._application(scope, receive, send)
            return

        async def receiving() -> Event:
            return _received(await receive())

        async def sending(event: Event) -> None:
            await send(_sent(event))

        await self._application(_scope(scope), receiving, sending)


def plant() -> None:
    """Let the reference server of this process speak the other dialect."""

    def wrapped(create_app: Any) -> Any:
        def creating(*arguments: Any, **options: Any) -> Any:
            application = create_app(*arguments, **options)
            application.asgi_app = Translated(application.asgi_app)
            return application

        return creating

    wrap(serve, "create_app", wrapped)


def _scope(scope: Event) -> Event:
    path = re.sub(r"^/v1/socket/", "/api/chats/ws/", scope["path"])
    path = re.sub(r"^/v1/rooms(/[^/]+/)members$", r"/api/chats\1participants", path)
    path = re.sub(r"^/v1/rooms", "/api/chats", path)
    query = parse_qs(scope["query_string"].decode(), keep_blank_values=True)
    renamed = {"user_id" if name == "name" else name: value for name, value in query.items()}
    query_string = urlencode(renamed, doseq=True).encode()
    headers = [(name, value) for name, value in scope["headers"] if name != b"content-length"]
    return {**scope, "path": path, "raw_path": path.encode(), "query_string": query_string, "headers": headers}


def _received(event: Event) -> Event:
    match event:
        case {"type": "http.request", "body": bytes(body)} if body:
            return {**event, "body": _renamed(body.decode(), REQUEST_FIELDS).encode()}
        case {"type": "websocket.receive", "text": str(text)}:
            return {**event, "text": _renamed(text, FROM_CLIENT, {"chat": "message"})}
    return event


def _sent(event: Event) -> Event:
    match event:
        case {"type": "http.response.body", "body": bytes(body)} if body:
            return {**event, "body": _renamed(body.decode(), {"id": "room_id"}).encode()}
        case {"type": "http.response.start"}:
            return {**event, "headers": [one for one in event["headers"] if one[0] != b"content-length"]}
        case {"type": "websocket.send", "text": str(text)}:
            return {**event, "text": _notice(_renamed(text, FROM_SERVER, EVENTS))}
    return event


def _renamed(text: str, names: dict[str, str], values: dict[str, str] | None = None) -> str:
    """Rename the fields of a JSON object, and the names of its event.

    Any other text is left as it is.
    """
    try:
        fields = json.loads(text)
    except ValueError:
        return text
    if not isinstance(fields, dict):
        return text
    changed = {names.get(name, name): value for name, value in fields.items()}
    for name in ("type", "event"):
        if values and name in names.values() and isinstance(changed.get(name), str):
            changed[name] = values.get(changed[name], changed[name])
    return json.dumps(changed, ensure_ascii=False)


def _notice(text: str) -> str:
    """Say otherwise that somebody joined or left."""
    fields = json.loads(text)
    content = fields.get("text") if isinstance(fields, dict) else None
    if not isinstance(content, str) or fields.get("event") != "system":
        return text
    for native, other in ((" joined the chat", " is here"), (" left the chat", " is gone")):
        if content.endswith(native):
            return json.dumps({**fields, "event": "notice", "text": content.removesuffix(native) + other})
    return text
