"""The options of the command line; see ``python -m reference_server --help``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one server process."""

    host: str
    port: int
    store: str
    """``sqlite`` or ``dynamodb``."""
    database: str
    """The path of the SQLite file, or ``:memory:``."""
    dynamodb_endpoint: str
    """The URL of DynamoDB; empty for Amazon's own."""
    dynamodb_table: str
    join: str
    """The users that may join a room: ``anyone``, or only its ``participants``."""
    broadcast: str
    """The URL of a Redis; empty if this is the only instance."""
    instance: str
    """The name of the instance in its statistics; empty for its host name and port."""
    heartbeat: float
    """Seconds of silence after which a client is dropped; 0 to drop none."""
