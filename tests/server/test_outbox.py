import asyncio

import pytest

from reference_server import outbox as module
from reference_server.outbox import FRAMES_PER_TURN, OUTBOX_BYTES, OUTBOX_FRAMES, STALL_CHECKS, Outbox


def never() -> None:
    raise AssertionError("a member was given up")


def test_frames_come_out_in_order_and_then_the_end() -> None:
    async def scene() -> list[str | None]:
        outbox = Outbox(never)
        outbox.put("one")
        outbox.put("two")
        outbox.close()
        return [await outbox.get() for _ in range(3)]

    assert asyncio.run(scene()) == ["one", "two", None]


def test_a_reader_wakes_for_a_frame_and_for_the_end() -> None:
    async def scene() -> list[str | None]:
        outbox = Outbox(never)
        reading = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.put("one")
        first = await reading
        reading = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.close()
        return [first, await reading]

    assert asyncio.run(scene()) == ["one", None]


def test_a_reader_that_had_no_turn_yet_is_not_behind() -> None:
    async def scene() -> int:
        outbox = Outbox(never)
        assert all(outbox.put("x" * 1000) for _ in range(2 * OUTBOX_BYTES // 1000))
        outbox.close()
        received = 0
        while await outbox.get() is not None:
            received += 1
        return received

    assert asyncio.run(scene()) == 2 * OUTBOX_BYTES // 1000


@pytest.mark.parametrize(
    ("content", "bytes_each"),
    [pytest.param("x", 1, id="ASCII"), pytest.param("ü", 2, id="two bytes"), pytest.param("👩", 4, id="four bytes")],
)
def test_a_stuck_reader_keeps_bounded_bytes(content: str, bytes_each: int) -> None:
    async def scene() -> int:
        outbox = Outbox(never)
        outbox.put("taken")
        await outbox.get()
        kept = 0
        while outbox.put(content * 1000):
            kept += 1000 * bytes_each
        outbox.close()
        return kept

    assert OUTBOX_BYTES / 3 < asyncio.run(scene()) <= OUTBOX_BYTES


def test_a_long_queue_is_given_up_once_its_reader_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_CHECK_SECONDS", 0.001)

    async def scene() -> bool:
        stalled = asyncio.Event()
        outbox = Outbox(stalled.set)
        for _ in range(OUTBOX_FRAMES + 1):
            outbox.put("x")
        for _ in range(STALL_CHECKS + 1):  # the reader had no turn yet, so these checks find nothing
            await asyncio.sleep(0.002)
        before = stalled.is_set()
        await outbox.get()
        await asyncio.wait_for(stalled.wait(), 10)
        outbox.close()
        return before

    assert not asyncio.run(scene())


def test_a_short_queue_is_kept_however_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STALL_CHECK_SECONDS", 0.001)

    async def scene() -> None:
        outbox = Outbox(never)
        for _ in range(OUTBOX_FRAMES):
            outbox.put("x")
        await outbox.get()
        for _ in range(STALL_CHECKS + 1):
            await asyncio.sleep(0.002)
        outbox.close()

    asyncio.run(scene())


def test_a_long_queue_leaves_turns_to_others() -> None:
    async def scene() -> int:
        outbox = Outbox(never)
        for _ in range(10 * FRAMES_PER_TURN):
            outbox.put("x")
        outbox.close()

        async def read() -> None:
            while await outbox.get() is not None:
                pass

        reading = asyncio.create_task(read())
        turns = 0
        while not reading.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(scene()) >= 10


def test_drained_returns_when_half_is_read() -> None:
    async def scene() -> int:
        outbox = Outbox(never)
        for _ in range(OUTBOX_FRAMES):
            outbox.put("x")
        waiting = asyncio.create_task(outbox.drained())
        read = 0
        while not waiting.done():
            await outbox.get()
            await asyncio.sleep(0)
            read += 1
        return read

    assert OUTBOX_FRAMES // 2 <= asyncio.run(scene()) <= OUTBOX_FRAMES // 2 + 2
