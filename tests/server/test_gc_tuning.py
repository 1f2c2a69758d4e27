import gc
import weakref
from collections.abc import Iterator

import pytest

from reference_server.gc_tuning import COLLECT_AFTER, FREEZE_AFTER, GcTuning


class Cycle:
    """An object that only the collector can free."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def heap() -> Iterator[GcTuning]:
    gc.unfreeze()
    gc.disable()
    yield GcTuning()
    gc.enable()
    gc.unfreeze()


def test_objects_are_frozen_after_many_connects(heap: GcTuning) -> None:
    for _ in range(FREEZE_AFTER - 1):
        heap.connected()
    before = gc.get_freeze_count()

    heap.connected()

    assert gc.get_freeze_count() > before + 1_000


def test_frozen_garbage_is_collected_after_many_disconnects(heap: GcTuning) -> None:
    garbage = weakref.ref(Cycle())
    for _ in range(COLLECT_AFTER):
        heap.connected()
    assert garbage() is not None

    for _ in range(COLLECT_AFTER):
        heap.disconnected()

    assert garbage() is None
