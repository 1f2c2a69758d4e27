"""Frames of a server are parsed wherever they end; frames of a client can be read."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket import ABNF

from roomproof.load.transport.frames import MAX_MESSAGE_BYTES, Frame, FramingError, client_frame, cut, missing_bytes
from tests.unit.load.server_frames import served

CONTROLS = (ABNF.OPCODE_PING, ABNF.OPCODE_PONG, ABNF.OPCODE_CLOSE)


def unmasked(frame: bytes) -> bytes:
    """Return a frame of a client as a server would have written it."""
    head = {126: 4, 127: 10}.get(frame[1] & 0x7F, 2)
    key = frame[head : head + 4]
    payload = bytes(byte ^ key[index % 4] for index, byte in enumerate(frame[head + 4 :]))
    return bytes((frame[0], frame[1] & 0x7F)) + frame[2:head] + payload


@given(payload=st.binary(max_size=300), opcode=st.sampled_from([0, 1, 2]), fin=st.integers(0, 1), before=st.binary())
def test_a_frame_is_parsed_wherever_it_begins(payload: bytes, opcode: int, fin: int, before: bytes) -> None:
    data = before + served(payload, opcode, fin)

    assert cut(data + b"more", len(before)) == Frame(opcode, bool(fin), payload, len(data))


@pytest.mark.parametrize("size", [0, 1, 124, 125, 126, 127, 128, 255, 256, 65_535, 65_536, 70_000])
def test_a_frame_of_every_size_is_parsed(size: int) -> None:
    data = served(b"x" * size)

    assert cut(data, 0) == Frame(ABNF.OPCODE_TEXT, True, b"x" * size, len(data))


@pytest.mark.parametrize("size", [0, 3, 125, 126, 300])
def test_a_frame_is_incomplete_before_its_last_byte(size: int) -> None:
    data = served(b"x" * size)

    assert [end for end in range(len(data)) if cut(data[:end], 0) is not None] == []


@pytest.mark.parametrize("end", [*range(1, 11), 65_545])
def test_a_long_frame_is_incomplete_before_its_last_byte(end: int) -> None:
    assert cut(served(b"x" * 65_536)[:end], 0) is None


@given(payloads=st.lists(st.binary(max_size=140), max_size=4), cuts=st.lists(st.integers(0, 600), max_size=6))
def test_frames_are_the_same_however_they_were_read(payloads: list[bytes], cuts: list[int]) -> None:
    data = b"".join(map(served, payloads))
    marks = [0, *sorted(min(mark, len(data)) for mark in cuts), len(data)]
    got, rest = [], b""
    for begin, end in pairwise(marks):
        rest += data[begin:end]
        while (frame := cut(rest, 0)) is not None:
            got.append(frame.payload)
            rest = rest[frame.end :]

    assert (got, rest) == (payloads, b"")


@given(size=st.sampled_from([0, 1, 125, 126, 300, 65_535, 65_536]), end=st.integers(0, 66_000), before=st.binary())
def test_missing_bytes_never_reach_beyond_the_frame(size: int, end: int, before: bytes) -> None:
    data = before + served(b"x" * size)
    have = min(len(before) + end, len(data) - 1)
    steps = 0
    while cut(data[:have], len(before)) is None:
        have += missing_bytes(data[:have], len(before))
        steps += 1

    assert have == len(data)
    assert steps <= 3  # its first two bytes, its head, and all of it


@pytest.mark.parametrize("opcode", CONTROLS)
def test_a_control_frame_of_125_bytes_is_parsed(opcode: int) -> None:
    assert cut(served(b"x" * 125, opcode), 0) == Frame(opcode, True, b"x" * 125, 127)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(bytes((0xC1, 0)), "begins with 0xc1", id="compressed"),
        pytest.param(bytes((0xA1, 0)), "begins with 0xa1", id="the second reserved bit"),
        pytest.param(bytes((0x91, 0)), "begins with 0x91", id="the third reserved bit"),
        pytest.param(bytes((0x83, 0)), "begins with 0x83", id="an opcode without meaning"),
        pytest.param(bytes((0x8B, 0)), "begins with 0x8b", id="a control opcode without meaning"),
        pytest.param(b"HTTP/1.1 400", "begins with 0x48", id="no frame at all"),
        pytest.param(bytes((0x81, 0x81)), "masked", id="masked"),
        pytest.param(bytes((0x89, 126)), "too long", id="a ping of 126 bytes"),
        pytest.param(bytes((0x88, 127)), "too long", id="a close of more than 65535 bytes"),
        pytest.param(bytes((0x09, 0)), "fragmented", id="a ping in parts"),
    ],
)
def test_a_forbidden_frame_is_an_error_at_its_second_byte(data: bytes, reason: str) -> None:
    assert cut(data[:1], 0) is None
    with pytest.raises(FramingError, match=reason):
        cut(b"before" + data, 6)


def test_a_huge_frame_is_an_error_at_its_head() -> None:
    """Waiting for its end would take all memory."""
    with pytest.raises(FramingError, match="got one of 67108865 bytes"):
        cut(b"\x81\x7f" + (MAX_MESSAGE_BYTES + 1).to_bytes(8), 0)


@given(payload=st.binary(max_size=300), opcode=st.sampled_from([ABNF.OPCODE_TEXT, *CONTROLS]))
def test_a_client_frame_can_be_read(payload: bytes, opcode: int) -> None:
    assert unmasked(client_frame(payload, opcode)) == served(payload, opcode)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 126, 65_535, 65_536])
def test_a_client_frame_of_every_size_can_be_read(size: int) -> None:
    assert unmasked(client_frame(b"x" * size, ABNF.OPCODE_TEXT)) == served(b"x" * size)


@pytest.mark.parametrize("size", [0, 125, 126, 65_536])
def test_every_frame_of_a_client_is_masked(size: int) -> None:
    assert client_frame(b"x" * size, ABNF.OPCODE_TEXT)[1] & 0x80


def test_frames_of_a_client_are_masked_with_different_keys() -> None:
    assert len({client_frame(b"soup", ABNF.OPCODE_TEXT) for _ in range(8)}) > 1
