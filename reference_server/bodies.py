"""Decoding of the bodies of HTTP requests. Pure."""

import json
from dataclasses import dataclass
from typing import Any, NoReturn

from reference_server.names import ROOM_NAME_LENGTH, USER_ID_LENGTH, UserId, name_problem

PARTICIPANTS_PER_REQUEST = 1_000
"""Maximum number of participants in one request.

The protocol requires at least 100 (PARTICIPANTS-1)."""


class BodyError(Exception):
    """A bad body. The message says what was expected, and repeats nothing of the body."""


class BodyTooLong(BodyError):  # noqa: N818 - it says what is wrong without a suffix
    """A list with more items than are taken in one request."""


@dataclass(frozen=True, slots=True)
class NewChat:
    """The room that a client asks for."""

    name: str
    created_by: UserId
    metadata: dict[str, Any]


def new_chat(body: bytes) -> NewChat:
    """Decode the body of ``POST /api/chats``. Raises BodyError (CREATE-4)."""
    fields = _object(body)
    metadata = fields.get("metadata", {})
    if not isinstance(metadata, dict):
        raise BodyError("metadata must be an object, or be left out")
    return NewChat(
        name=_name(fields.get("name"), "name", ROOM_NAME_LENGTH),
        created_by=UserId(_name(fields.get("created_by"), "created_by", USER_ID_LENGTH)),
        metadata=metadata,
    )


def participants(body: bytes) -> list[UserId]:
    """Decode the body of ``POST /api/chats/{id}/participants``.

    Raises BodyError (PARTICIPANTS-4) and BodyTooLong.
    """
    user_ids = _object(body).get("participant_ids")
    if not isinstance(user_ids, list):
        raise BodyError("participant_ids must be an array of strings")
    if len(user_ids) > PARTICIPANTS_PER_REQUEST:
        raise BodyTooLong(f"participant_ids must have at most {PARTICIPANTS_PER_REQUEST} items; send them in parts")
    return [UserId(_name(user_id, "each of participant_ids", USER_ID_LENGTH)) for user_id in user_ids]


def _name(value: object, field: str, max_length: int) -> str:
    if not isinstance(value, str):
        raise BodyError(f"{field} must be a string")
    problem = name_problem(value, max_length)
    if problem is not None:
        raise BodyError(f"{field} must {problem}")
    return value


def _object(body: bytes) -> dict[str, Any]:
    """Decode a JSON object. Raises BodyError."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_refuse_repeated_keys)
        # A value that cannot be encoded again (1e999, a lone surrogate) could be neither stored nor returned as sent.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except RecursionError:
        raise BodyError("expected JSON that is less deeply nested") from None
    except UnicodeDecodeError:
        raise BodyError("expected JSON in UTF-8") from None
    except UnicodeEncodeError:
        raise BodyError("expected JSON without lone surrogates") from None
    except json.JSONDecodeError:
        raise BodyError("expected JSON") from None
    except ValueError:
        raise BodyError("expected JSON with numbers of a sensible size, and with each key once") from None
    if not isinstance(value, dict):
        raise BodyError("expected a JSON object")
    return value


def _refuse_constant(_: str) -> NoReturn:
    raise ValueError("NaN and Infinity are not JSON")


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a key is repeated")
    return fields
