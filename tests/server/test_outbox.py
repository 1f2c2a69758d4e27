import asyncio

from reference_server.outbox import OUTBOX_CHARACTERS, OUTBOX_FRAMES, Outbox


def test_frames_come_out_in_order_and_then_the_end() -> None:
    async def scene() -> list[str | None]:
        outbox = Outbox()
        outbox.put("one")
        outbox.put("two")
        outbox.close()
        return [await outbox.get() for _ in range(3)]

    assert asyncio.run(scene()) == ["one", "two", None]


def test_a_reader_wakes_for_a_frame_and_for_the_end() -> None:
    async def scene() -> list[str | None]:
        outbox = Outbox()
        reading = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.put("one")
        first = await reading
        reading = asyncio.create_task(outbox.get())
        await asyncio.sleep(0)
        outbox.close()
        return [first, await reading]

    assert asyncio.run(scene()) == ["one", None]


def test_the_257th_frame_is_refused() -> None:
    outbox = Outbox()

    assert all(outbox.put("x") for _ in range(OUTBOX_FRAMES))
    assert not outbox.put("x")


def test_large_frames_are_refused_by_their_size() -> None:
    outbox = Outbox()

    assert outbox.put("x" * OUTBOX_CHARACTERS)
    assert not outbox.put("x")


def test_drained_returns_when_half_is_read() -> None:
    async def scene() -> int:
        outbox = Outbox()
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
