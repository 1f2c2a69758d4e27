"""The text of each finding, once: both judges word equal findings alike.

A text holds only what both judges know. Evidence that only one of them has goes into `Finding.detail`.
"""

from datetime import datetime

from roomproof.judge.classification import Part
from roomproof.judge.findings import Kind, quoted
from roomproof.printable import printable
from roomproof.spec.limits import CLOCK_SKEW_S
from roomproof.spec.messages import NoticeKind

QUARTER_S = 900
"""A quarter of an hour in seconds: the offset of each time zone is a multiple of it."""

WIDEST_ZONE_S = 14 * 3_600 + CLOCK_SKEW_S
"""Maximum distance in seconds between a local time and UTC, with the error of a clock."""


def item_name(part: Part, item: int, user: str) -> str:
    """The name of an item: "message 3 of 'alice'", "the join notice of 'alice'"."""
    return f"{part} {item} of {user!r}" if part is Part.MESSAGE else f"the {part} of {user!r}"


_ITEM_TEXTS = {
    Kind.LOST: "{item} was due and did not arrive",
    Kind.MISSING_NOTICE: "{item} was due and did not arrive",
    Kind.DUPLICATED: "{item} arrived again",
    Kind.DOUBLED_NOTICE: "{item} arrived again",
    Kind.REORDERED: "{item} arrived after a later item of {user!r}",
    Kind.MISPLACED: "{item} arrived after the leave notice of {user!r}",
    Kind.REPLAYED: "{item} was sent to a receiver that began to connect after a later item had arrived",
    Kind.LEAKED: "{item} arrived on another instance, though the topology is declared sticky",
}
"""The texts of findings about one item of a stream, by the kind of finding."""


def item_finding(kind: Kind, part: Part, item: int, user: str) -> str:
    """Text for an item missing, repeated, late, replayed or on another instance."""
    return _ITEM_TEXTS[kind].format(item=item_name(part, item, user), user=user)


# Messages


def from_another_room(item: int, room: str) -> str:
    """Text for a message that was sent in another room (DELIVER-4)."""
    return f"message {item} of a connection in room {room!r} arrived here"


def from_refused_connection(item: int, user: str) -> str:
    """Text for a message of a connection that the server had refused (REFUSE-4)."""
    return f"{item_name(Part.MESSAGE, item, user)} arrived, though its connection was refused"


def not_yet_sent(item: int, user: str) -> str:
    """Text for a message that arrived before it was sent (DELIVER-14)."""
    return f"{item_name(Part.MESSAGE, item, user)} arrived before it was sent"


def said_elsewhere(content: str) -> str:
    """Describe a message of people in another scenario."""
    return f"somebody in another room sent {quoted(content)}, and it arrived here"


def nobody_sent(content: str) -> str:
    """Text for a message whose content nobody sent (DELIVER-14, FRAME-1)."""
    return f"nobody sent {quoted(content)}"


def altered(item: int, user: str) -> str:
    """Text for a message whose content was changed (DELIVER-5)."""
    return f"{item_name(Part.MESSAGE, item, user)} arrived with another content"


def wrong_sender(sender_id: str, claimed: str) -> str:
    """Text for a message under another sender id (DELIVER-6)."""
    return f"expected the sender_id {quoted(sender_id, claimed)}, got {quoted(claimed, sender_id)}"


def wrong_chat(chat_id: str, claimed: str) -> str:
    """Text for a frame with another chat id (DELIVER-7)."""
    return f"expected the chat_id {chat_id!r}, got {claimed!r}"


# Notices


def notice_from_another_room(notice: NoticeKind, user: str, room: str) -> str:
    """Text for the notice of another room (DELIVER-4).

    `user` is quoted already, here and in the texts of other notices.
    """
    return f"the notice that {user} {notice} room {room!r} arrived here"


def notice_of_nobody(notice: NoticeKind, user: str) -> str:
    """Text for a notice of a user who has not connected (DELIVER-14)."""
    return f"a notice says that {user} {notice}, and nobody of that user id had connected"


def notice_of_refused_connection(notice: NoticeKind, user: str) -> str:
    """Text for a notice of a connection that the server had refused (REFUSE-4)."""
    return f"a notice says that {user} {notice}, and that connection was refused"


def leave_of_open_connection(user: str) -> str:
    """Text for a leave notice of a connection that had not begun to end (DELIVER-14)."""
    return f"a notice says that {user} {NoticeKind.LEFT}, and that connection was still open"


# Frames


def unprovoked_error(content: str | None) -> str:
    """Text for an error frame to a connection that gave no cause (FRAME-5)."""
    return f"an error frame arrived without a bad frame before it: {quoted(content or '')}"


def far_away(timestamp: str) -> str:
    """Text for a timestamp too far from the time of receipt (DELIVER-8)."""
    return f"the timestamp {timestamp!r} is more than {CLOCK_SKEW_S} s away from the time of receipt"


def time_difference(timestamp: str, ahead_s: float, received: datetime) -> str:
    """Say how far a timestamp is from the time of receipt, and perhaps why."""
    side = "ahead" if ahead_s > 0 else "behind"
    reason = _zone_hint(timestamp, abs(ahead_s))
    return f"it was received at {received:%Y-%m-%dT%H:%M:%SZ}, so it is {how_long(abs(ahead_s))} {side}{reason}"


def _zone_hint(timestamp: str, away_s: float) -> str:
    """A guess, if the difference is a whole number of quarters of an hour."""
    is_zone = abs(away_s - round(away_s / QUARTER_S) * QUARTER_S) < CLOCK_SKEW_S
    if not is_zone or not 2 * QUARTER_S - CLOCK_SKEW_S < away_s < WIDEST_ZONE_S:
        return ""
    if timestamp.endswith("Z"):
        return ": local time that is marked as UTC?"
    has_offset = timestamp[-6:-5] in ("+", "-") and timestamp[-3:-2] == ":"
    return ": a wrong offset?" if has_offset else ": local time without an offset?"


def how_long_exactly(seconds: float) -> str:
    """Return a duration as `how_long` does, but a short one in milliseconds."""
    return how_long(seconds) if seconds >= 1 else f"{seconds * 1000:g} ms"


def how_long(seconds: float) -> str:
    """Return a duration in its two largest units: `5 h`, `2 min 5 s`."""
    rest = round(seconds)
    parts = []
    for name, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {name}")
    return " ".join(parts[:2]) or "0 s"


def backward(part: Part, item: int, user: str) -> str:
    """Text for a timestamp that is earlier than that of an earlier item (DELIVER-9)."""
    return f"the timestamp of {item_name(part, item, user)} is earlier than that of an item before it"


def standing_still(part: Part, item: int, user: str) -> str:
    """Text for a timestamp equal to that of an item sent long before (DELIVER-9)."""
    return f"the timestamp of {item_name(part, item, user)} is that of an item sent long before it"


def unmatched(frame: str) -> str:
    """Text for a frame that nothing in the dialect describes."""
    return f"expected frames that the target file describes, got {printable(frame)}; add it to [[hear]]"


# Connections


def one_name_twice(user: str) -> str:
    """Text for two connections that others know by one name."""
    return f"expected a name of its own for each connection, got {user!r} for two of them; correct known_as in [users]"


def never_joined(user: str, *, has_echo: bool) -> str:
    """Text for a connection that was let in and never became a member (JOIN-2)."""
    lacking = "neither echo nor notice shows" if has_echo else "nothing of what others said shows"
    return f"{user!r} was let in, and {lacking} that it is a member"


def dropped(user: str, code: int | None) -> str:
    """Text for a member that the server closed without a reason (CLOSE-1, FRAME-3)."""
    how = "without a Close frame" if code is None else f"with code {code}"
    return f"the server closed {user!r} {how}"


def unanswered_close(user: str) -> str:
    """Text for a Close frame that the server did not answer (CLOSE-2)."""
    return f"{user!r} sent a Close frame and received none back"


# Findings of only one of the judges


def wrong_notice_count(notice: NoticeKind, user: str, *, received: int, expected: int) -> str:
    """Text for a wrong number of notices of a user with several connections."""
    return f"expected {_notices(expected)} that {user!r} {notice}, got {received}"


def _notices(count: int) -> str:
    return "1 notice" if count == 1 else f"{count} notices"


def no_common_order(items: list[tuple[int, str]]) -> str:
    """Text for items that no common order of the room explains (ORDER-2).

    Each is given by its number and the user id of its sender.
    """
    names = ", ".join(f"item {item} of {user!r}" for item, user in items)
    return f"no common order of the room explains what its members received: {names}"


def held_up(item: int, user: str, slow: str, seconds: float) -> str:
    """Text for a message that arrived only when a slow reader read on (CLOSE-4)."""
    return (
        f"{item_name(Part.MESSAGE, item, user)} arrived after {seconds:.1f} s in which nobody received anything new, "
        f"just when {slow!r} resumed reading, who had not read for longer than that"
    )


def from_departed(connection: int) -> str:
    """Text for an item of a connection that ended long ago."""
    return f"an item of connection {connection} arrived, which had left"
