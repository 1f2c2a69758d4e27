"""Compression as RFC 7692 says: what is agreed, sent and received."""

import zlib

import pytest
from websocket import ABNF
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.frames import Frame, Opcode

from roomproof.client.deflate import INFLATED_BYTES, OFFER, Deflate, DeflateError

TAIL = b"\x00\x00\xff\xff"
WORDS = [b"soup is ready", b"soup is ready indeed", b"is the soup ready?"]


def deflated(text: bytes, compressor: "zlib._Compress | None" = None) -> bytes:
    """Return a text as a server compresses it, in its context or in a new one."""
    compressor = compressor or zlib.compressobj(wbits=-15)
    return (compressor.compress(text) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(TAIL)


def inflated(deflate: Deflate, payload: bytes, opcode: int = ABNF.OPCODE_TEXT, *, fin: bool = True) -> bytes:
    return deflate.inflated(opcode, payload, fin=fin, rsv1=opcode != ABNF.OPCODE_CONT)


@pytest.mark.parametrize(
    "answer",
    [
        "permessage-deflate",
        "permessage-deflate; server_no_context_takeover",
        "permessage-deflate; client_no_context_takeover; server_max_window_bits=8",
        'permessage-deflate; client_max_window_bits="12"',
        "permessage-deflate; client_max_window_bits=8",
    ],
)
def test_what_rfc_7692_permits_is_agreed_to(answer: str) -> None:
    Deflate.agreed(answer)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param("permessage-bzip2", id="another extension"),
        pytest.param("permessage-deflate, permessage-deflate", id="twice"),
        pytest.param("permessage-deflate; hurry", id="an unknown parameter"),
        pytest.param("permessage-deflate; client_max_window_bits", id="no value"),
        pytest.param("permessage-deflate; client_max_window_bits=16", id="too many bits"),
        pytest.param("permessage-deflate; server_max_window_bits=09", id="a leading zero"),
        pytest.param("permessage-deflate; server_no_context_takeover=1", id="a value too many"),
        pytest.param(
            "permessage-deflate; server_no_context_takeover; server_no_context_takeover", id="a parameter twice"
        ),
        pytest.param("permessage-deflate; =", id="no grammar"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_rfc_7692_forbids_is_refused(answer: str) -> None:
    with pytest.raises(DeflateError, match="expected"):
        Deflate.agreed(answer)


@pytest.mark.parametrize("parameters", ["", "; client_no_context_takeover", "; client_max_window_bits=9"])
def test_a_server_reads_what_is_sent(parameters: str) -> None:
    ours = Deflate.agreed(f"permessage-deflate{parameters}")
    offered = [("client_max_window_bits", None)]
    factory = ServerPerMessageDeflateFactory(
        client_no_context_takeover="context" in parameters, client_max_window_bits=9 if "=9" in parameters else None
    )
    _, theirs = factory.process_request_params(offered, [])

    for words in WORDS * 2:
        payload, rsv1 = ours.deflated(ABNF.OPCODE_TEXT, words, fin=True)
        assert rsv1
        assert bytes(theirs.decode(Frame(Opcode.TEXT, payload, True, rsv1)).data) == words


def test_the_fragments_of_a_message_are_compressed_as_one() -> None:
    ours = Deflate.agreed("permessage-deflate")
    first = ours.deflated(ABNF.OPCODE_TEXT, b"soup is ", fin=False)
    last = ours.deflated(ABNF.OPCODE_CONT, b"ready", fin=True)

    assert (first[1], last[1]) == (True, False)
    assert zlib.decompressobj(wbits=-15).decompress(first[0] + last[0] + TAIL) == b"soup is ready"


@pytest.mark.parametrize("opcode", [ABNF.OPCODE_CLOSE, ABNF.OPCODE_PING, ABNF.OPCODE_PONG])
def test_control_frames_are_never_compressed(opcode: int) -> None:
    ours = Deflate.agreed("permessage-deflate")

    assert ours.deflated(opcode, b"x", fin=True) == (b"x", False)
    assert ours.inflated(opcode, b"x", fin=True, rsv1=False) == b"x"
    with pytest.raises(DeflateError, match="RSV1"):
        ours.inflated(opcode, b"x", fin=True, rsv1=True)


def test_a_window_of_8_bits_is_answered_uncompressed() -> None:
    ours = Deflate.agreed("permessage-deflate; client_max_window_bits=8")

    assert ours.deflated(ABNF.OPCODE_TEXT, b"soup", fin=True) == (b"soup", False)
    assert inflated(ours, deflated(b"soup")) == b"soup"


def test_a_server_may_keep_its_context() -> None:
    ours, context = Deflate.agreed("permessage-deflate"), zlib.compressobj(wbits=-15)

    assert [inflated(ours, deflated(words, context)) for words in WORDS] == WORDS


def test_a_server_keeps_its_promise_to_drop_its_context() -> None:
    context = zlib.compressobj(wbits=-15)
    ours = Deflate.agreed("permessage-deflate; server_no_context_takeover")

    assert inflated(ours, deflated(WORDS[0], context)) == WORDS[0]
    with pytest.raises(DeflateError, match="compressed as agreed"):
        inflated(ours, deflated(WORDS[0], context))


@pytest.mark.parametrize("parameters", ["", "; server_no_context_takeover"])
def test_a_server_may_send_messages_as_they_are(parameters: str) -> None:
    ours = Deflate.agreed(f"permessage-deflate{parameters}")

    for words in WORDS:
        assert ours.inflated(ABNF.OPCODE_TEXT, words, fin=True, rsv1=False) == words
        assert inflated(ours, deflated(words)) == words


def test_a_last_block_ends_no_context() -> None:
    """RFC 7692, section 7.2.3.4: an empty block follows a block marked as the last."""
    ours = Deflate.agreed("permessage-deflate")
    for words in WORDS:
        compressor = zlib.compressobj(wbits=-15)
        assert inflated(ours, compressor.compress(words) + compressor.flush(zlib.Z_FINISH) + b"\x00") == words

    refers_back = zlib.compressobj(wbits=-15, zdict=b"".join(WORDS))
    payload = deflated(WORDS[0], refers_back)
    assert len(payload) < len(deflated(WORDS[0]))
    assert inflated(ours, payload) == WORDS[0]


@pytest.mark.parametrize("payload", [b"soup is ready", b"\xff\xff\xff\xff", deflated(b"soup is ready")[::-1]])
def test_what_cannot_be_decompressed_is_refused(payload: bytes) -> None:
    with pytest.raises(DeflateError, match="compressed as agreed"):
        inflated(Deflate.agreed("permessage-deflate"), payload)


def test_a_marked_continuation_is_refused() -> None:
    ours, context = Deflate.agreed("permessage-deflate"), zlib.compressobj(wbits=-15)
    inflated(ours, deflated(b"soup", context), fin=False)

    with pytest.raises(DeflateError, match="RSV1"):
        ours.inflated(ABNF.OPCODE_CONT, b"", fin=True, rsv1=True)


def test_a_small_frame_cannot_fill_the_memory() -> None:
    bomb = deflated(bytes(INFLATED_BYTES + 1))
    assert len(bomb) < INFLATED_BYTES // 500

    with pytest.raises(DeflateError, match="at most"):
        inflated(Deflate.agreed("permessage-deflate"), bomb)


def test_fragments_cannot_fill_the_memory_together() -> None:
    ours, context = Deflate.agreed("permessage-deflate"), zlib.compressobj(wbits=-15)
    half = bytes(INFLATED_BYTES // 2 + 1)
    parts = [context.compress(half) + context.flush(zlib.Z_SYNC_FLUSH) for _ in range(2)]

    assert inflated(ours, parts[0], fin=False) == half
    with pytest.raises(DeflateError, match="at most"):
        inflated(ours, parts[1], ABNF.OPCODE_CONT, fin=False)


def test_the_offer_is_that_of_browsers() -> None:
    assert OFFER == "permessage-deflate; client_max_window_bits"
