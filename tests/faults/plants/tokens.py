"""Faults about tokens, on a server that requires one of each user."""

from typing import Any

import jwt
from quart import Response, websocket

from tests.faults.fault import fault
from tests.faults.plants.hooks import before_websocket
from tests.faults.plants.participants import DECLARES, take_participants_only

KEY = "a key for the tokens of faulty servers"

KEYS = {"FAULTS_CHAT_KEY": KEY}
"""The environment variable in which Roomproof finds the key."""

TABLES = """
[users]
jwt = {secret_env = "FAULTS_CHAT_KEY", lifetime = 600}

[connect]
query = {token = "{token}"}
"""
"""The tables of a target file for such a server."""

STRICT: dict[str, Any] = {"require": ["exp", "sub"]}
"""Options of PyJWT with which a token proves who a user is."""


def take_tokens(*, is_optional: bool = False, **options: bool) -> None:
    """Require a token of each user who connects.

    `is_optional`: only those who send one have to have a good one. `options` are those of PyJWT.
    """

    async def answer() -> Response | None:
        token = websocket.args.get("token")
        if token is None and is_optional:
            return None
        try:
            claims = jwt.decode(token or "", KEY, algorithms=["HS256"], options={**STRICT, **options})  # type: ignore[arg-type]  # a typed dict there
        except jwt.PyJWTError:
            return Response("no valid token", 401)
        return None if claims["sub"] == websocket.args.get("user_id") else Response("a token of another user", 403)

    take_participants_only()
    before_websocket(answer)


@fault("tokens without their signature checked", breaks="REFUSE-8", declares=DECLARES, tables=TABLES)
def unsigned() -> None:
    """A token is believed, whoever has signed it."""
    take_tokens(verify_signature=False)


@fault("expired tokens taken", breaks="REFUSE-8", declares=DECLARES, tables=TABLES)
def expired() -> None:
    """A token is good for ever."""
    take_tokens(verify_exp=False)


@fault("a missing token taken", breaks="REFUSE-8", declares=DECLARES, tables=TABLES)
def missing() -> None:
    """A user without a token is let in. Only a bad token is refused."""
    take_tokens(is_optional=True)
