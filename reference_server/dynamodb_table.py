"""One DynamoDB table, created on demand. Every request has a time limit."""

import logging
import time
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from reference_server.store import StoreError, StoreUnavailable, TooLarge

CONNECT_SECONDS = 1.0
READ_SECONDS = 2.0
ATTEMPTS = 2
"""Time limits in seconds, and attempts for each request.

At worst this takes about 6 s.

Two attempts, because the server might have closed an idle connection."""

CREATE_TABLE_SECONDS = 5.0
"""Seconds that a request waits for the table to be created.

A later request finds it ready."""

UNAVAILABLE = "the store of rooms is away; try again in a few seconds"
TOO_LARGE = "this is too large: the store takes 400 KB for a room, its name, metadata and participants together"

_log = logging.getLogger(__name__)


class Table:
    """A DynamoDB table.

    All methods block, and can be called from several threads at once.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name

    def request(self, operation: str, **arguments: Any) -> dict[str, Any] | None:
        """Return the answer; None if the condition of the operation does not hold.

        Raises StoreUnavailable and TooLarge.
        """
        try:
            try:
                return self._call(operation, **arguments)
            except self._client.exceptions.ResourceNotFoundException:
                self._create_table()
                return self._call(operation, **arguments)
        except self._client.exceptions.ConditionalCheckFailedException:
            return None
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
            if code == "ValidationException" and "maximum allowed size" in message:
                raise TooLarge(TOO_LARGE) from None
            _log.warning("the store refuses %s: %s", operation, code)
            raise StoreUnavailable(UNAVAILABLE) from None
        except BotoCoreError as error:
            _log.warning("the store does not answer %s: %s", operation, type(error).__name__)
            raise StoreUnavailable(UNAVAILABLE) from None

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        answer: dict[str, Any] = getattr(self._client, operation)(TableName=self._name, **arguments)
        return answer

    def _create_table(self) -> None:
        """Create the table, and wait until it is ready.

        Another instance might be creating it, too.
        """
        try:
            self._call(
                "create_table",
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                BillingMode="PAY_PER_REQUEST",
            )
            _log.info("made the table %s", self._name)
        except self._client.exceptions.ResourceInUseException:
            pass  # another instance is creating it
        deadline = time.monotonic() + CREATE_TABLE_SECONDS
        while self._call("describe_table")["Table"]["TableStatus"] != "ACTIVE":
            if time.monotonic() > deadline:
                raise StoreUnavailable("the table of rooms is being made; try again in a few seconds")
            time.sleep(0.1)


def make_client(endpoint: str | None, connections: int) -> Any:
    """Return a client of DynamoDB, which connects at its first request.

    Without an endpoint it uses Amazon's, in the configured region. Raises StoreError for an unusable configuration.
    """
    try:
        return _client(endpoint, connections)
    except (BotoCoreError, ValueError) as error:
        raise StoreError(f"cannot use DynamoDB as it is configured: {error}") from error


def _client(endpoint: str | None, connections: int) -> Any:
    session = botocore.session.Session()
    keys: dict[str, str] = {}
    if endpoint is not None and endpoint.startswith("http://"):
        # A local DynamoDB accepts any keys, and asking a cloud for some would only take time.
        session.set_config_variable("metadata_service_num_attempts", 0)
        if session.get_credentials() is None:
            keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
    region = session.get_config_variable("region") or "us-east-1"
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
        max_pool_connections=connections,
        proxies={} if endpoint is not None else None,
    )
    return boto3.Session(botocore_session=session).client(
        "dynamodb", endpoint_url=endpoint, region_name=region, config=config, **keys
    )
