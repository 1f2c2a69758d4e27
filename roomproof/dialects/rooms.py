"""Requests that make rooms and add participants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from roomproof.dialects.filling import filled_headers, in_path
from roomproof.dialects.pointer import Pointer
from roomproof.dialects.session import UserRow
from roomproof.dialects.template import Template, Values
from roomproof.spec.limits import PARTICIPANTS_PER_REQUEST


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request.

    `path` is percent-encoded. `body` is to be sent as JSON, unless it is None. `shown` is the method and the path
    without secrets, for messages.
    """

    method: str
    path: str = field(repr=False)
    body: object = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    shown: str = ""
    shown_body: object = None
    """The body without secrets, for the history."""


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """A request with placeholders, such as `POST /v1/rooms/{room}/members`."""

    method: str
    path: Template
    body: Template | None = None

    @property
    def names(self) -> frozenset[str]:
        """The placeholders of the request."""
        return self.path.names | (self.body.names if self.body is not None else frozenset())

    def fill(self, row: UserRow, others: Values, headers: Mapping[str, str]) -> Request:
        """Return the request about a user, with other values."""
        values = {**row.values(), **others}
        body = None if self.body is None else self.body.fill(values)
        shown = f"{self.method} {self.path.text({**row.redacted().values(), **others}, in_path)}"
        shown_body = None if self.body is None else self.body.fill({**row.redacted().values(), **others})
        return Request(self.method, self.path.text(values, in_path), body, headers, shown, shown_body)


@dataclass(frozen=True, slots=True)
class RoomRequests:
    """How rooms are made and participants added.

    `implicit` is the id of a room that need not be made. In `headers`, placeholders are those of the creator.
    `takes_lists`: the body that adds participants has an array with one entry for each.
    """

    create_request: RequestTemplate | None
    id_pointer: Pointer | None
    implicit: Template | None = None
    add_request: RequestTemplate | None = None
    takes_lists: bool = False
    headers: Mapping[str, Template] = field(default_factory=dict)

    def create(
        self, name: str, creator: UserRow, random: str, fields: Mapping[str, object] | None = None
    ) -> Request | None:
        """Return the request that makes a room; None where rooms need not be made.

        `random` is a text that no other room has. `fields` are further fields of the body.
        """
        if self.create_request is None:
            return None
        request = self.create_request.fill(creator, {"name": name, "random": random}, self._headers(creator))
        if fields and isinstance(request.body, dict) and isinstance(request.shown_body, dict):
            body, shown_body = {**request.body, **fields}, {**request.shown_body, **fields}
            return replace(request, body=body, shown_body=shown_body)
        return request

    def id_of(self, answer: object, random: str) -> str | None:
        """Return the id of a room from the answer to its request, as decoded JSON.

        Returns None if the answer has none. Where rooms need not be made, the answer does not matter.
        """
        if self.implicit is not None:
            return self.implicit.text({"random": random}, str)
        found = self.id_pointer.find(answer) if self.id_pointer is not None else None
        is_id = isinstance(found, str | int) and not isinstance(found, bool)
        return str(found) if is_id else None

    def add(self, room: str, users: Sequence[UserRow], creator: UserRow) -> list[Request]:
        """Return the requests that add participants to a room, in order."""
        if self.add_request is None:
            return []
        headers = self._headers(creator)
        if not self.takes_lists or self.add_request.body is None:
            return [self.add_request.fill(user, {"room": room}, headers) for user in users]
        parts = [
            users[first : first + PARTICIPANTS_PER_REQUEST] for first in range(0, len(users), PARTICIPANTS_PER_REQUEST)
        ]
        requests = [[self.add_request.fill(user, {"room": room}, headers) for user in part] for part in parts]
        return [
            replace(
                part[0],
                body=_joined([one.body for one in part]),
                shown_body=_joined([one.shown_body for one in part]),
            )
            for part in requests
        ]

    def _headers(self, creator: UserRow) -> dict[str, str]:
        return filled_headers(self.headers, creator.values())


def has_list_of_users(body: object) -> bool:
    """Whether a body has an array whose only entry is about one user."""
    match body:
        case [str(only)]:
            return "{user}" in only
        case [dict(only)]:
            return any(isinstance(value, str) and "{user}" in value for value in only.values())
        case dict():
            return any(map(has_list_of_users, body.values()))
    return False


def _joined(bodies: list[object]) -> object:
    """Return one body with the entries of all arrays: the bodies differ only there."""
    first = bodies[0]
    match first:
        case dict():
            return {key: _joined([body[key] for body in bodies if isinstance(body, dict)]) for key in first}
        case [_]:
            entries = [body[0] for body in bodies if isinstance(body, list)]
            return entries if any(entry != entries[0] for entry in entries) else first
    return first
