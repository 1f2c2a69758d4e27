"""The streaming judge asks the dialect what each distinct frame is."""

import json
from copy import copy

import pytest

from roomproof.dialects.reader import frames_of
from roomproof.history import Opened, Opening, Refused, Started
from roomproof.judge.findings import Kind
from roomproof.judge.streaming.connection import StreamingConnection
from roomproof.judge.streaming.room import StreamingRoom
from tests.faults.translated import tables

SECOND = 1_000_000_000
LENIENT = {key: value for key, value in tables().items() if key not in ("strict", "room", "connect")}


class Kitchen:
    """A room of a service with other frames, and a clock."""

    def __init__(self) -> None:
        self.frames = copy(frames_of(LENIENT, ()))
        self.asked: list[bytes] = []
        read = self.frames.read_payload

        def counted(payload: bytes, room: str, *, is_binary: bool = False) -> object:
            self.asked.append(payload)
            return read(payload, room, is_binary=is_binary)

        self.frames.read_payload = counted  # type: ignore[method-assign, assignment]  # the same, counted
        self.room = StreamingRoom("kitchen/1", Started(), 5 * SECOND, frames=self.frames)
        self.at = 0

    def tick(self) -> int:
        self.at += 1
        return self.at

    def joins(self, number: int, user: str) -> StreamingConnection:
        connection = self.room.connect(Opening(number, self.tick(), "kitchen/1", user))
        self.room.observe(connection, Opened(number, self.tick()))
        return connection

    def says(self, connection: StreamingConnection) -> bytes:
        content = self.room.compose(connection, "soup", self.tick())
        return self.frame(event="chat", text=content, **{"from": connection.user})

    def notice(self, user: str) -> bytes:
        return self.frame(event="notice", text=f"{user} is here")

    def frame(self, **fields: str) -> bytes:
        return json.dumps({"room": "kitchen/1", "sent_at": "1970-01-01T00:00:00", **fields}).encode()

    def hears(self, connection: StreamingConnection, *frames: bytes, is_binary: bool = False) -> None:
        for frame in frames:
            self.room.receive(connection, bytes(bytearray(frame)), self.tick(), is_binary=is_binary)

    def found(self) -> list[tuple[Kind, str]]:
        return [(one.kind, one.rule) for one in self.room.finish().findings]


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def test_each_distinct_frame_is_read_once(kitchen: Kitchen) -> None:
    alice, bob = kitchen.joins(1, "alice"), kitchen.joins(2, "bob")
    pong = kitchen.frame(event="pong")
    for frame in (kitchen.notice("alice"), kitchen.notice("bob"), kitchen.says(alice), pong):
        kitchen.hears(alice, frame)
        kitchen.hears(bob, frame)

    assert len(kitchen.asked) == 4
    assert kitchen.found() == []


def test_a_frame_that_nothing_describes_proves_nothing(kitchen: Kitchen) -> None:
    alice = kitchen.joins(1, "alice")
    alice.redact = lambda text: text.replace("s3cret", "{token}")
    kitchen.hears(alice, kitchen.notice("alice"), b'{"event": "surprise", "for": "s3cret"}')

    tally = kitchen.room.finish()
    assert tally.findings == []
    assert tally.troubles.count == 1
    assert '{"event": "surprise", "for": "{token}"}; add it to [[hear]]' in tally.troubles.texts[0]


def test_a_binary_frame_is_no_text_frame_of_the_same_bytes(kitchen: Kitchen) -> None:
    alice = kitchen.joins(1, "alice")
    notice = kitchen.notice("alice")
    kitchen.hears(alice, notice)
    kitchen.hears(alice, notice, is_binary=True)

    assert kitchen.room.finish().troubles.count == 1


def test_a_notice_waits_for_a_name_that_the_opening_teaches(kitchen: Kitchen) -> None:
    alice = kitchen.joins(1, "alice")
    kitchen.hears(alice, kitchen.notice("alice"))
    bob = kitchen.room.connect(Opening(2, kitchen.tick(), "kitchen/1", "bob"), is_named=False)
    kitchen.hears(alice, kitchen.notice("guest-7"))
    kitchen.room.observe(bob, Opened(2, kitchen.tick(), None, "guest-7"))
    soup = kitchen.says(bob)
    kitchen.hears(alice, soup)
    kitchen.hears(bob, soup)

    assert kitchen.room.knows("guest-7")
    assert kitchen.found() == []


def test_a_notice_of_nobody_is_one_once_all_names_are_known(kitchen: Kitchen) -> None:
    alice = kitchen.joins(1, "alice")
    bob = kitchen.room.connect(Opening(2, kitchen.tick(), "kitchen/1", "bob"), is_named=False)
    kitchen.hears(alice, kitchen.notice("alice"), kitchen.notice("mallory"), kitchen.notice("guest-7"))
    kitchen.room.observe(bob, Opened(2, kitchen.tick(), None, "guest-7"))

    assert kitchen.found() == [(Kind.PHANTOM, "DELIVER-14")]


def test_a_notice_of_a_name_that_nobody_learned_is_no_phantom(kitchen: Kitchen) -> None:
    alice = kitchen.joins(1, "alice")
    bob = kitchen.room.connect(Opening(2, kitchen.tick(), "kitchen/1", "bob"), is_named=False)
    kitchen.hears(alice, kitchen.notice("alice"), kitchen.notice("guest-7"))
    kitchen.room.observe(bob, Refused(2, kitchen.tick(), None, "given up"))

    assert kitchen.found() == []


def test_two_connections_of_one_name_prove_nothing(kitchen: Kitchen) -> None:
    kitchen.joins(1, "alice")
    bob = kitchen.room.connect(Opening(2, kitchen.tick(), "kitchen/1", "bob"), is_named=False)
    kitchen.room.observe(bob, Opened(2, kitchen.tick(), None, "alice"))

    assert "correct known_as" in "".join(kitchen.room.finish().troubles.texts)
