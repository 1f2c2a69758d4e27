import gc
import weakref
from collections.abc import Iterator

import pytest

from reference_server.gc_tuning import CAME, WENT, Heap


class Cycle:
    """Garbage that only the collector finds."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def heap() -> Iterator[Heap]:
    gc.unfreeze()
    gc.disable()
    yield Heap()
    gc.enable()
    gc.unfreeze()


def test_what_is_there_is_put_aside_once_many_have_come(heap: Heap) -> None:
    for _ in range(CAME - 1):
        heap.came()
    before = gc.get_freeze_count()

    heap.came()

    assert gc.get_freeze_count() > before + 1_000


def test_garbage_that_was_put_aside_is_found_once_many_have_gone(heap: Heap) -> None:
    garbage = weakref.ref(Cycle())
    for _ in range(WENT):
        heap.came()
    assert garbage() is not None

    for _ in range(WENT):
        heap.went()

    assert garbage() is None
