"""The `curl` command that sends a recorded HTTP request again. Pure."""

import re
import shlex
from collections.abc import Iterable, Sequence

from roomproof.history import Answered, Event, Requested

HTTP_RULES = ("CREATE-", "PARTICIPANTS-", "STATS-")
"""Beginnings of the ids of rules about HTTP."""


def header_placeholder(name: str) -> str:
    """Return a header, quoted for a shell, with a variable in place of its value.

    The value can be secret.
    """
    name = name.strip()
    variable = re.sub(r"\W", "_", name.upper(), flags=re.ASCII)
    if re.fullmatch(r"[A-Za-z0-9-]+", name):
        return f'"{name}: ${variable}"'
    return f'{shlex.quote(f"{name}: ")}"${variable}"'


def curl_command(url: str, request: Requested) -> str | None:
    """Return the command that sends a request to a server again.

    None if the history does not have the whole request.
    """
    if not request.is_whole:
        return None
    words = ["curl", "-i", "-X", shlex.quote(request.method), shlex.quote(f"{url}{request.path}")]
    for name in request.headers:
        words += ["-H", header_placeholder(name)]
    if request.body is not None:
        words += ["-H", "'Content-Type: application/json'", "--data-raw", shlex.quote(request.body)]
    return " ".join(words)


def failed_request(events: Sequence[Event], rules: Iterable[str], observed: str) -> Requested | None:
    """Return the request behind a failure, or None.

    That is the latest one whose answer the failure quotes, or which got none. For a rule about HTTP that quotes no
    answer it is the latest one of all.
    """
    requests = {event.number: event for event in events if isinstance(event, Requested)}
    answers = [event for event in events if isinstance(event, Answered) and event.number in requests]
    for answer in reversed(answers):
        if _is_quoted(answer, observed):
            return requests[answer.number]
    is_about_http = any(rule.startswith(HTTP_RULES) for rule in rules)
    return requests[answers[-1].number] if answers and is_about_http else None


def _is_quoted(answer: Answered, observed: str) -> bool:
    """Whether an observation quotes an answer, or says that it is missing."""
    if answer.status is None:
        return bool(answer.body) and answer.body[:100] in observed
    return f"{answer.status} {answer.body[:100]!r}"[:-1] in observed
