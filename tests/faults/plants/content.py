"""Faults of content."""

import html
import json
import unicodedata
from typing import Any

from reference_server.frames import BadFrame, ValidMessage
from roomproof.judge.findings import Kind
from tests.faults.fault import every, fault
from tests.faults.plants.hooks import change_messages, on_receive


def _change(how: Any) -> None:
    change_messages(lambda fields: fields | {"content": how(fields["content"])})


@fault("content trimmed", breaks="DELIVER-5", shows=Kind.ALTERED)
def trimmed() -> None:
    """White space at both ends of the content is removed."""
    _change(lambda content: content.strip() or content)


@fault("content cut", breaks="DELIVER-5", shows=Kind.ALTERED)
def cut() -> None:
    """The content is cut after 1,000 code points."""
    _change(lambda content: content[:1_000])


@fault(
    "content normalised",
    breaks="DELIVER-5",
    also={
        "DELIVER-1": "of two contents that become equal, one seems to be missing",
        "DELIVER-3": "of two contents that become equal, one seems to arrive twice",
    },
)
def normalised() -> None:
    """The content is converted to Unicode normalisation form C."""
    _change(lambda content: unicodedata.normalize("NFC", content))


@fault("content escaped", breaks="DELIVER-5", shows=Kind.ALTERED)
def escaped() -> None:
    """The special characters of HTML in the content are escaped."""
    _change(lambda content: html.escape(content, quote=False))


@fault("content re-encoded", breaks="DELIVER-5")
def reencoded() -> None:
    """Characters outside the Basic Multilingual Plane are replaced by U+FFFD."""
    _change(lambda content: "".join(char if ord(char) < 0x10000 else "\ufffd" for char in content))


@fault("control characters dropped", breaks="DELIVER-5")
def control_dropped() -> None:
    """Control characters other than line ends and tabs are removed."""
    _change(lambda content: "".join(char for char in content if char.isprintable() or char in "\r\n\t") or content)


@fault("white space collapsed", breaks="DELIVER-5")
def collapsed() -> None:
    """Each run of white space becomes one space."""
    _change(lambda content: " ".join(content.split()) or content)


@fault("JSON in content decoded", breaks="DELIVER-5")
def json_read() -> None:
    """JSON escapes in the content are decoded a second time."""
    _change(lambda content: content.replace("\\n", "\n").replace("\\u0041", "A"))


@fault("content beyond the limit cut", breaks="DELIVER-5")
def cut_at_the_limit() -> None:
    """The content is cut after 4,096 code points, which every server must carry."""
    _change(lambda content: content[:4_096])


@fault(
    "long contents refused",
    breaks="DELIVER-13",
    also={
        "DELIVER-1": "what is refused reaches nobody",
        "DELIVER-5": "one of the contents is long",
        "FRAME-5": "the refusal is an error frame",
    },
)
def long_refused() -> None:
    """Content of more than 1,024 code points is refused."""
    turn = every(1)

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        if isinstance(understood, ValidMessage) and len(understood.content) > 1_024 and turn():
            return BadFrame("too long")
        return understood

    on_receive(change)


@fault(
    "unknown fields refused",
    breaks="DELIVER-15",
    also={
        "DELIVER-1": "what is refused reaches nobody",
        "DELIVER-13": "long frames are padded with an unknown field",
        "FRAME-5": "the refusal is an error frame",
    },
)
def unknown_fields_refused() -> None:
    """A message with an unknown field is refused."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        known = {"type", "content", "sender_id", "user_id"}
        if isinstance(understood, ValidMessage) and not known.issuperset(json.loads(frame)):
            return BadFrame("an unknown field")
        return understood

    on_receive(change)


@fault(
    "commands swallowed",
    breaks="DELIVER-5",
    also={"DELIVER-1": "what is swallowed reaches nobody", "FRAME-5": "an unknown command gets an error frame"},
)
def commands() -> None:
    """Content that begins with a slash is taken for a command and not delivered."""

    def change(frame: str | bytes, decode: Any) -> Any:
        understood = decode(frame)
        is_command = isinstance(understood, ValidMessage) and understood.content[0] == "/"
        return BadFrame("an unknown command") if is_command else understood

    on_receive(change)
