"""Faults of identity."""

import json
import re
from typing import Any

from reference_server import handshake
from reference_server.frames import ValidMessage
from reference_server.member import Member
from reference_server.room import ChatRoom
from roomproof.judge.findings import Kind
from tests.faults.fault import fault, wrap
from tests.faults.plants.hooks import change_frames, change_messages


@fault(
    "sender taken from the frame",
    breaks="DELIVER-6",
    also={
        "DELIVER-7": "a sender_id that is no string is taken, too",
        "DELIVER-15": "a field of the server in another form is an unknown field",
    },
)
def sender_from_frame() -> None:
    """A frame with a sender_id is broadcast under that id."""

    def wrapped(hear: Any) -> Any:
        def trusting(self: Any, frame: str | bytes) -> None:
            from reference_server import frames

            own = self.user_id
            if isinstance(frames.decode(frame), ValidMessage):
                self.user_id = json.loads(frame).get("sender_id", own)
            hear(self, frame)
            self.user_id = own

        return trusting

    wrap(Member, "_handle", wrapped)


@fault(
    "the latest member named as the sender",
    breaks="DELIVER-6",
    shows=Kind.MISATTRIBUTED,
    also={"JOIN-6": "of two users that differ in case, one speaks as the other"},
)
def last_joiner() -> None:
    """Messages carry the user id of the member that joined last."""

    def wrapped(say: Any) -> Any:
        def mistaken(self: ChatRoom[Any], speaker: Any, content: str, timestamp: str) -> Any:
            own, last = speaker.user_id, list(self.members)[-1]
            speaker.user_id = last.user_id
            behind = say(self, speaker, content, timestamp)
            speaker.user_id = own
            return behind

        return mistaken

    wrap(ChatRoom, "send_message", wrapped)


@fault("chat_id in upper case", breaks="DELIVER-7", shows=Kind.ALTERED)
def chat_id_case() -> None:
    """The chat_id of messages and notices is in upper case."""
    change_frames(lambda fields: fields | {"chat_id": fields["chat_id"].upper()})


@fault("chat_id missing in notices", breaks="DELIVER-7", shows=Kind.MALFORMED)
def chat_id_missing() -> None:
    """Notices have null for chat_id; messages have theirs."""
    change_frames(lambda fields: fields if fields["type"] == "message" else {**fields, "chat_id": None})


@fault("sender_id missing", breaks="DELIVER-7", shows=Kind.MALFORMED)
def sender_missing() -> None:
    """Messages have no sender_id."""
    change_messages(lambda fields: {name: value for name, value in fields.items() if name != "sender_id"})


@fault(
    "user ids in lower case",
    breaks="JOIN-6",
    also={
        "DELIVER-6": "messages have another sender_id",
        "DELIVER-14": "nobody of the other user id has joined",
        "JOIN-1": "the notice of the true user id is missing",
    },
    perhaps={
        "JOIN-4": "two users that differ in case seem to be one",
        "DELIVER-9": "two users that differ in case seem to be one",
        "DELIVER-3": "two users that differ in case seem to be one",
    },
)
def lower_case() -> None:
    """User ids are converted to lower case."""
    _user_ids(str.lower)


@fault("only plain user ids accepted", breaks="JOIN-7")
def plain_only() -> None:
    """A user id is refused unless it is ASCII letters, digits and . _ @ - only."""

    def wrapped(name_problem: Any) -> Any:
        def strict(user_id: str, longest: int) -> Any:
            is_plain = re.fullmatch(r"[A-Za-z0-9._@-]+", user_id)
            return name_problem(user_id, longest) if is_plain else "have ASCII letters and digits only"

        return strict

    wrap(handshake, "name_problem", wrapped)


@fault(
    "user ids normalised",
    breaks="DELIVER-6",
    shows=Kind.MISATTRIBUTED,
    also={
        "JOIN-1": "the notice of the true user id is missing",
        "LEAVE-1": "two users seem to be one, who leaves twice",
    },
)
def ids_normalised() -> None:
    """User ids are converted to Unicode normalisation form C."""
    import unicodedata

    _user_ids(lambda user_id: unicodedata.normalize("NFC", user_id))


@fault("long user ids cut", breaks="REFUSE-5", also={"DELIVER-14": "nobody of the shorter user id has joined"})
def ids_cut() -> None:
    """User ids lose their control characters and are cut after 64 code points."""
    _user_ids(lambda user_id: "".join(char for char in user_id if char >= " ")[:64])


def _user_ids(change: Any) -> None:
    wrap(handshake, "_user_ids", lambda original: lambda query: [change(user_id) for user_id in original(query)])


@fault(
    "user ids trimmed",
    breaks="DELIVER-6",
    shows=Kind.MISATTRIBUTED,
    also={
        "DELIVER-14": "nobody of the shorter user id has joined",
        "JOIN-1": "the notice of the true user id is missing",
        "REFUSE-5": "white space at the ends of a user id is odd, and not kept",
    },
)
def ids_trimmed() -> None:
    """White space at both ends of a user id is removed."""
    wrap(handshake, "_user_ids", lambda ids: lambda query: [type(one)(one.strip()) for one in ids(query)])
