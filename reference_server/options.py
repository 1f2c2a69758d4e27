"""What can be set from outside; see ``python -m reference_server --help``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    host: str
    port: int
    store: str
    """``sqlite`` or ``dynamodb``."""
    database: str
    dynamodb_endpoint: str
    """Empty for Amazon's own."""
    dynamodb_table: str
    broadcast: str
    """The URL of a Redis, or empty if there is only this instance."""
    instance: str
    """What it is called in its statistics; empty for its host name and port."""
    heartbeat: float
