"""The sender in the content, where a service's messages name no sender."""

import re
from urllib.parse import quote, unquote

_ENVELOPE = re.compile(r"@([A-Za-z0-9%_.~-]*)/\d+ (.*)", re.DOTALL | re.ASCII)


def wrapped(user: str, number: int, content: str) -> str:
    """Return a content that names its sender and its number: `@alice/7 soup is ready`."""
    return f"@{quote(user, safe='')}/{number} {content}"


def unwrapped(content: str) -> tuple[str, str]:
    """Return the sender, and the content itself. Without an envelope it has no sender."""
    match = _ENVELOPE.fullmatch(content)
    return (unquote(match[1]), match[2]) if match else ("", content)
