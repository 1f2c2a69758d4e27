"""Target files for the tests of dialects."""

import tomllib

from roomproof.dialects.dialect import Dialect
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import Session, UserRow

CHAT = """
[room]
create = "POST /v1/rooms"
body = {title = "{name}", owner = "{user}"}
id = "room_id"
add = "POST /v1/rooms/{room}/members"
add_body = {users = ["{user}"]}

[connect]
path = "/v1/socket/{room}"
query = {name = "{user}"}

[[opening]]
send = {event = "join", room = "{room}"}

[[opening]]
expect = {event = "joined", room = "{room}"}
refused = {event = "denied"}
learn = {me = "user.id"}

[say]
frame = {event = "chat", text = "{content}"}

[[hear]]
when = {event = "chat"}
message = {content = "text", sender = "from", room = "room", timestamp = "ts"}

[[hear]]
when = {event = "user_joined"}
joined = {user = "user", timestamp = "ts"}

[[hear]]
when = {event = "user_left"}
left = {user = "user", timestamp = "ts"}

[[hear]]
when = {event = "problem"}
error = {content = "reason"}

[[hear]]
when = {event = "typing"}
ignore = true

[[answer]]
frame = {event = "ping", id = "{id}"}
with = {event = "pong", id = "{id}"}

[bad]
frames = ["nonsense {mark}", {event = "chat", mark = "{mark}"}]
"""
"""A complete dialect that lacks nothing that a file can express."""

ALICE = UserRow("alice")

IN_KITCHEN = Session("kitchen", ALICE)


def dialect_of(text: str, *without: str) -> Dialect:
    """Return the dialect of a target file with this text, named chat.toml."""
    return read_dialect(tomllib.loads(text), "chat.toml", without)
