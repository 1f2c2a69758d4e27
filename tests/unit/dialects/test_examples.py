"""The files in dialects/ are dialects, and docs/dialects.md shows them."""

import re
import tomllib
from pathlib import Path

import pytest

from roomproof.dialects.dialect import Dialect
from roomproof.dialects.format import KEYS
from roomproof.dialects.frames import Progress
from roomproof.dialects.reader import read_dialect
from roomproof.dialects.session import Session, UserRow
from roomproof.spec.messages import Ignored, Malformed, Message, Notice, NoticeKind, Unmatched, Upkeep, Valid
from roomproof.spec.rules import Level, read_protocol

ROOT = Path(__file__).parents[3]

FILES = sorted((ROOT / "dialects").glob("*.toml"))

PAGE = (ROOT / "docs" / "dialects.md").read_text(encoding="utf-8")

BLOCKS = re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)

ALICE = Session("kitchen", UserRow("alice", {"token": "t0"}))

SERVER = {
    "fields": [],
    "json": ['{"event":"joined","room":"kitchen"}'],
    "nchan": [],
    "channels": [],
    "socketio": ['0{"sid":"a"}', '40{"sid":"b"}', '42["joined","kitchen"]'],
    "phoenix": ['["1","1","room:kitchen","phx_reply",{"response":{},"status":"ok"}]'],
    "actioncable": ['{"type":"welcome"}', '{"type":"ping","message":1}', '{"type":"confirm_subscription"}'],
}
"""The frames with which a server of each dialect opens a connection."""

TIME = "2025-12-23T22:12:57"

RECEIVED = {
    "fields": f'{{"type":"message","text":"soup","sender_id":"bob","chat_id":"kitchen","created_at":"{TIME}"}}',
    "json": f'{{"event":"chat","room":"kitchen","text":"soup","from":{{"name":"bob"}},"sent_at":"{TIME}"}}',
    "nchan": "@bob/1 soup",
    "channels": '{"message": "soup", "user": "bob"}',
    "socketio": '42["chat message",{"user":"bob","text":"soup"}]',
    "phoenix": '[null,null,"room:kitchen","new_msg",{"body":"@bob/1 soup"}]',
    "actioncable": '{"identifier":"{\\"channel\\":\\"ChatChannel\\",\\"room\\":\\"kitchen\\"}",'
    '"message":{"text":"soup","from":"bob"}}',
}
"""A message of each dialect, as a member in the kitchen receives it from bob."""

each_file = pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])


def dialect_of(file: Path) -> Dialect:
    """Return the dialect of a target file."""
    tables = tomllib.loads(file.read_text(encoding="utf-8"))
    assert "url" in tables
    return read_dialect({key: value for key, value in tables.items() if key in KEYS}, file.name)


def opened(file: Path) -> Progress:
    """Play the opening of a connection."""
    frames = dialect_of(file).frames
    progress = frames.begin(ALICE)
    for frame in SERVER[file.stem]:
        assert not progress.is_done
        progress = frames.advance(progress, frame)
    return progress


@each_file
def test_a_connection_opens(file: Path) -> None:
    progress = opened(file)

    assert (progress.is_done, progress.refused) == (True, None)


@each_file
def test_a_message_is_sent_and_received(file: Path) -> None:
    frames = dialect_of(file).frames
    session = opened(file).session

    read = frames.read(RECEIVED[file.stem], "kitchen")
    assert isinstance(read, Message)
    assert (read.content, read.sender_id, read.chat_id) == ("soup", "bob", "kitchen")
    assert frames.read_payload(RECEIVED[file.stem].encode(), "kitchen") == read
    assert frames.read_sent(frames.say("soup", session)) == Valid("soup")


@each_file
def test_no_frame_of_an_opening_is_unmatched(file: Path) -> None:
    frames = dialect_of(file).frames
    progress = frames.begin(ALICE)
    for frame in SERVER[file.stem]:
        assert isinstance(frames.read(frame, "kitchen"), Ignored)
        progress = frames.advance(progress, frame)
        assert all(frames.read_sent(sent) == Upkeep() for sent in progress.send)


@each_file
def test_a_foreign_frame_is_no_message(file: Path) -> None:
    assert isinstance(dialect_of(file).frames.read(b"\x00\x01", "kitchen"), Unmatched | Malformed)


def test_notices_are_found_in_their_texts() -> None:
    frames = dialect_of(ROOT / "dialects" / "json.toml").frames
    notice = f'{{"event":"notice","text":"bob is gone is gone","room":"kitchen","sent_at":"{TIME}"}}'

    assert frames.read(notice, "kitchen") == Notice(NoticeKind.LEFT, "bob is gone", "kitchen", TIME)


@each_file
def test_the_page_shows_or_names_each_file(file: Path) -> None:
    assert f"](../dialects/{file.name})" in PAGE


def test_the_complete_examples_of_the_page_are_the_files() -> None:
    complete = [block for block in BLOCKS if "url = " in block]
    texts = [
        (ROOT / "dialects" / f"{name}.toml").read_text(encoding="utf-8") for name in ("fields", "socketio", "json")
    ]

    assert complete == texts
    assert sorted(complete, key=len) == complete


def test_the_page_counts_what_the_dialects_can_express() -> None:
    musts = [rule for rule in read_protocol().rules.values() if rule.level is Level.MUST and rule.applies([])]
    counts = {file.stem: sum(map(dialect_of(file).expressible, musts)) for file in FILES}

    rows = re.findall(r"^\| \[(\w+)\.toml\]\(.*\) \| .* \| (\d+) of (\d+) \|$", PAGE, flags=re.MULTILINE)
    assert {name: (int(count), int(total)) for name, count, total in rows} == {
        name: (count, len(musts)) for name, count in counts.items()
    }


def test_the_page_lists_every_key() -> None:
    tables = set(re.findall(r"^\| `\[*([a-z_]+)\]*`", PAGE, flags=re.MULTILINE))

    assert tables >= KEYS
