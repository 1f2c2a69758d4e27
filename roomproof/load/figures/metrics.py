"""The names of what a load run counts and of what it times. Pure."""

from enum import StrEnum


class Count(StrEnum):
    """A counter of a load run."""

    SENT = "sent"
    DELIVERED = "delivered"
    SENT_LATE = "sent_late"
    """Messages sent more than LATE_NS after their scheduled time."""
    SENDS_DROPPED = "sends_dropped"
    """Messages not sent because the generator was too late."""
    SENDS_BLOCKED = "sends_blocked"
    """Messages not sent because the server had not yet taken the one before."""
    CONNECTED = "connected"
    HANDSHAKES_REFUSED = "handshakes_refused"
    """Handshakes into existing rooms that the server refused."""
    ROOMS_REFUSED = "rooms_refused"
    """Requests to make a room that the server refused."""
    PARTICIPANTS_REFUSED = "participants_refused"
    """Requests to add participants that the server refused."""
    UNANSWERED = "unanswered"
    """Handshakes and requests without a proper answer."""
    LOCAL_TROUBLE = "local_trouble"
    """Handshakes and requests that failed on this machine."""
    TASKS_RAISED = "tasks_raised"
    """Exceptions that tasks of the script raised."""
    REQUESTS_FAILED = "requests_failed"
    """Failed requests of the script's other users, such as an HttpUser."""
    UNTIMED = "untimed"
    """Messages whose arrival at the last recipient is unknown."""
    CLOSED = "closed"
    """Connections ended by a closing handshake of the client."""
    DISCONNECTED = "disconnected"
    """Connections that the client ended without a Close frame."""
    READING_PAUSED = "reading_paused"
    """Times that a client stopped reading on purpose."""
    BACKLOG_NOTICEABLE = "backlog_noticeable"
    """Times that the backlog of a client that did not read was so large that the server had to notice."""


REFUSALS = (Count.HANDSHAKES_REFUSED, Count.ROOMS_REFUSED, Count.PARTICIPANTS_REFUSED)
"""Refusals of requests that every server has to grant."""


SCRIPT_ERRORS = (Count.TASKS_RAISED, Count.REQUESTS_FAILED)
"""Failures of the script itself, not of a room: they prove nothing about the server's rules."""


class Timing(StrEnum):
    """A duration that a load run measures."""

    DELIVER = "deliver"
    """From the scheduled time of a message to its delivery, once for each recipient."""
    CONNECT = "connect"
    """The whole handshake."""
    JOIN = "join"
    """From the start of the handshake to the first evidence of membership."""
    LAST_RECIPIENT = "last_recipient"
    """From the scheduled time of a message to its delivery at the last recipient."""
    SPREAD = "spread"
    """Between the deliveries of a message at the first and at the last recipient."""
    LEAVE = "leave"
    """The closing handshake."""
    SEND = "send"
    """From the scheduled time of a message to its sending."""
