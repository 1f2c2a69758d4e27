"""Reads the tables about HTTP: `[users]`, `[room]` and `[connect]`."""

import re
import shlex
from collections.abc import Mapping

from msgspec import UNSET

from roomproof.dialects.format import ConnectTable, JwtTable, RoomTable, UsersTable, convert
from roomproof.dialects.handshakes import Handshakes
from roomproof.dialects.names import Names
from roomproof.dialects.place import Place
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.rooms import RequestTemplate, RoomRequests, has_list_of_users
from roomproof.dialects.template import Template
from roomproof.dialects.users import JwtUsers, UserCommand, UserFile, Users
from roomproof.errors import UsageError
from roomproof.headers import TOKEN, check_header, is_header_value

_REQUEST = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/.*)")
_PATH = re.compile(r"/(?:[A-Za-z0-9._~!$&'()*+,;=:@/{}-]|%[0-9A-Fa-f]{2})*")


def read_users(value: object, place: Place) -> tuple[Users, str]:
    """Read `[users]`: the source of the users, and the template of their names."""
    table = convert(value, UsersTable, place)
    sources = [name for name in ("file", "command", "jwt") if getattr(table, name) is not None]
    if len(sources) != 1:
        got = " and ".join(sources) or "none"
        raise place.wrong("exactly one of file, command and jwt", got, "keep one source of users")
    if table.file is not None:
        return UserFile(table.file, place.key("file")), table.known_as
    if table.command is not None:
        _check_command(table.command, place.key("command"))
        return UserCommand(table.command, place.key("command")), table.known_as
    return _jwt_users(table.jwt, place.key("jwt")), table.known_as


def _check_command(command: str, place: Place) -> None:
    """Raise UsageError for a command that no shell could split into words."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise place.wrong("a command", f"one with {str(error).lower()}", "correct its quotes") from error
    if not words:
        raise place.wrong("a command", "an empty text", "name the program that prints a user")


def _jwt_users(value: object, place: Place) -> JwtUsers:
    import jwt  # its import is slow, and few targets need it

    table = convert(value, JwtTable, place)
    algorithms = sorted(set(jwt.algorithms.get_default_algorithms()) - {"none"})
    if table.algorithm not in algorithms:
        expected = f"one of the algorithms {', '.join(algorithms)}"
        advice = "correct it; those with public keys need the package cryptography"
        raise place.key("algorithm").wrong(expected, repr(table.algorithm), advice)
    if not 1 <= table.lifetime <= 1e9:
        raise place.key("lifetime").wrong("a number of seconds from 1 on", f"{table.lifetime:g}", "correct it")
    if not table.secret_env:
        raise place.key("secret_env").wrong("the name of an environment variable", "''", "name the variable of the key")
    claims = Template(table.claims, place.key("claims"))
    if not claims.names <= {"user"}:
        got = ", ".join(sorted(claims.names - {"user"}))
        raise claims.place.wrong("only the placeholder {user}", got, "write other values as they are")
    return JwtUsers(table.secret_env, table.algorithm, claims, table.lifetime, place)


def read_rooms(value: object, names: Names, place: Place) -> RoomRequests:
    """Read `[room]`."""
    table = convert(value, RoomTable, place)
    if (table.create is None) == (table.implicit is None):
        got = "none" if table.create is None else "both"
        raise place.wrong(
            "either create or implicit", got, 'write create = "POST /rooms" or implicit = "room-{random}"'
        )
    headers = names.templates(table.headers, place.key("headers"))
    for name, template in headers.items():
        _check_header(name, template.place)
    if table.implicit is not None:
        return _implicit(table, headers, place)
    if table.id is None:
        raise place.key("id").wrong("a JMESPath to the id in the answer", "none", 'write, for example, id = "id"')
    add = None
    if table.add is not None:
        add = _request(table.add, table.add_body, names, {"room"}, place, "add")
    elif table.add_body is not UNSET:
        raise place.key("add_body").wrong("add beside it", "none", 'write add = "POST /rooms/{room}/members"')
    create = _request(table.create or "", table.body, names, {"name", "random"}, place, "create")
    takes_lists = add is not None and "user" not in add.path.names and has_list_of_users(table.add_body)
    return RoomRequests(create, Pointer(table.id, place.key("id")), None, add, takes_lists, headers)


def _implicit(table: RoomTable, headers: Mapping[str, Template], place: Place) -> RoomRequests:
    others = [name for name in ("id", "add") if getattr(table, name) is not None]
    others += [name for name in ("body", "add_body") if getattr(table, name) is not UNSET]
    if others:
        advice = "leave it out: a room that is implicit is not made"
        raise place.wrong("implicit alone", f"{', '.join(others)} beside it", advice)
    implicit = Template(table.implicit, place.key("implicit"))
    if implicit.names != {"random"}:
        got = repr(table.implicit)
        raise implicit.place.wrong("the placeholder {random} and no other", got, 'write, for example, "room-{random}"')
    return RoomRequests(None, None, implicit, headers=headers)


def _request(text: str, body: object, names: Names, others: set[str], place: Place, key: str) -> RequestTemplate:
    """Read a request like `POST /rooms/{room}`, and its body."""
    match = _REQUEST.fullmatch(text)
    if match is None:
        raise place.key(key).wrong("a method and a path", repr(text), 'write, for example, "POST /rooms"')
    path = names.template(match[2], place.key(key), others)
    _check_path(match[2], place.key(key))
    body_key = "body" if key == "create" else "add_body"
    filled = None if body is UNSET else names.template(body, place.key(body_key), others)
    return RequestTemplate(match[1], path, filled)


def read_handshakes(value: object, defaults: Mapping[str, object], names: Names, place: Place) -> Handshakes:
    """Read `[connect]`; `defaults` are those of the codec or of the native protocol."""
    own = value if isinstance(value, dict) else {}
    own_query = own.get("query", {})
    if isinstance(defaults.get("query"), dict) and isinstance(own_query, dict):
        own = {**own, "query": {**defaults["query"], **own_query}}  # type: ignore[dict-item]  # checked above
    table = convert({**defaults, **own} if value is None or isinstance(value, dict) else value, ConnectTable, place)
    if table.path is None:
        raise place.key("path").wrong("the path of the WebSocket", "none", 'write, for example, path = "/ws/{room}"')
    others = {"room"}
    path = names.template(table.path, place.key("path"), others)
    _check_path(table.path, path.place)
    headers = names.templates(table.headers, place.key("headers"), others)
    cookies = names.templates(table.cookies, place.key("cookies"), others)
    for name, template in headers.items():
        _check_header(name, template.place)
    for name, template in cookies.items():
        if not TOKEN.fullmatch(name):
            raise template.place.wrong("a name of letters, digits and hyphens", repr(name), "correct the name")
    if cookies and any(name.lower() == "cookie" for name in headers):
        raise place.wrong("either cookies or a header Cookie", "both", "move all of them to cookies")
    if table.origin is not None and not is_header_value(table.origin):
        raise place.key("origin").wrong("printable Latin-1", repr(table.origin), "correct it")
    subprotocols = () if table.subprotocol is None else (table.subprotocol,)
    for one in subprotocols:
        if not TOKEN.fullmatch(one):
            raise place.key("subprotocol").wrong("one subprotocol, without spaces", repr(one), "correct it")
    query = names.templates(table.query, place.key("query"), others)
    return Handshakes(path, query, headers, cookies, subprotocols, table.origin)


def _check_path(path: str, place: Place) -> None:
    if not _PATH.fullmatch(path):
        advice = "percent-encode other characters, and write a query below query"
        raise place.wrong("a path of characters that URLs can have", repr(path), advice)


def _check_header(name: str, place: Place) -> None:
    """Raise UsageError for the name of a header that cannot be sent, with its place."""
    try:
        check_header(name, "x")
    except UsageError as error:
        raise UsageError(f"{place.file}, {place.at}: {error}") from error
