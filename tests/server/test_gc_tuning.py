import gc
import weakref
from collections.abc import Iterator

import pytest

from reference_server.gc_tuning import COLLECT_AFTER, FREEZE_AFTER, GcTuning


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def heap() -> Iterator[GcTuning]:
    gc.unfreeze()
    gc.disable()
    yield GcTuning()
    gc.enable()
    gc.unfreeze()


def test_what_is_there_is_put_aside_once_many_have_come(heap: GcTuning) -> None:
    for _ in range(FREEZE_AFTER - 1):
        heap.connected()
    before = gc.get_freeze_count()

    heap.connected()

    assert gc.get_freeze_count() > before + 1_000


def test_garbage_that_was_put_aside_is_found_once_many_have_gone(heap: GcTuning) -> None:
    garbage = weakref.ref(Cycle())
    for _ in range(COLLECT_AFTER):
        heap.connected()
    assert garbage() is not None

    for _ in range(COLLECT_AFTER):
        heap.disconnected()

    assert garbage() is None
