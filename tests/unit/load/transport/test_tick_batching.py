"""A busy process looks for data once a tick; others look at once."""

from collections.abc import Iterator

import pytest

from roomproof.load.transport import tick_batching
from roomproof.load.transport.schedule import TICK_NS
from roomproof.load.transport.tick_batching import BUSY_TICKS, TickBatching


class Loop:
    """A loop whose time stands still except for work and sleep.

    Its only watcher is called before every look.
    """

    def __init__(self) -> None:
        self.now = 5 * TICK_NS
        self.slept = 0
        self.is_urgent = False
        self.batching = TickBatching(lambda: self.is_urgent)

    def monotonic_ns(self) -> int:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept += 1
        self.now += round(seconds * 1e9)

    def look(self, work: int) -> None:
        """Look once, and work for a number of nanoseconds."""
        self.batching._wait()
        self.now += work

    def be_busy(self) -> None:
        for _ in range(BUSY_TICKS + 1):
            self.look(TICK_NS)


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    loop = Loop()
    monkeypatch.setattr(tick_batching, "time", loop)
    monkeypatch.setattr(tick_batching, "_sleep", loop.sleep)
    yield loop
    loop.batching.stop()


def test_a_busy_process_looks_once_a_tick(loop: Loop) -> None:
    loop.be_busy()
    begin = loop.now
    for _ in range(10):
        loop.look(TICK_NS // 3)

    assert loop.slept == 9
    assert loop.now == begin + 9 * TICK_NS + TICK_NS // 3


def test_a_process_with_little_to_do_looks_at_once(loop: Loop) -> None:
    for _ in range(100):
        loop.look(TICK_NS // 3)
        loop.look(2 * TICK_NS)

    assert loop.slept == 0


def test_an_urgent_process_looks_at_once(loop: Loop) -> None:
    loop.be_busy()
    loop.is_urgent = True
    for _ in range(10):
        loop.look(TICK_NS // 3)

    assert loop.slept == 0


def test_a_process_that_cannot_keep_up_does_not_wait(loop: Loop) -> None:
    loop.be_busy()
    for _ in range(10):
        loop.look(TICK_NS + 1)

    assert loop.slept == 0


def test_a_process_that_is_late_once_is_still_busy(loop: Loop) -> None:
    """Where others use the machine as well, a process misses a tick now and then."""
    for _ in range(2):
        loop.be_busy()
    loop.look(2 * TICK_NS)
    loop.look(TICK_NS // 3)
    loop.look(TICK_NS // 3)

    assert loop.slept == 1
