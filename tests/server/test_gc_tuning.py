import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_server.gc_tuning import COLLECT_AFTER, FEW_CONNECTIONS, FREEZE_AFTER, GcTuning
from tests.server.process import PATIENCE, eventually, running


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
    cycle = Cycle()
    garbage = weakref.ref(cycle)
    for _ in range(COLLECT_AFTER + FEW_CONNECTIONS):
        heap.connected()
    del cycle
    for _ in range(COLLECT_AFTER - 1):
        heap.disconnected()
    assert garbage() is not None

    heap.disconnected()

    assert garbage() is None


def test_nothing_is_collected_while_many_are_connected(heap: GcTuning) -> None:
    for _ in range(COLLECT_AFTER + FEW_CONNECTIONS + 1):
        heap.connected()
    garbage = weakref.ref(Cycle())

    for _ in range(COLLECT_AFTER):
        heap.disconnected()

    assert garbage() is not None


def test_nothing_is_collected_at_the_end_of_the_process(heap: GcTuning) -> None:
    for _ in range(COLLECT_AFTER):
        heap.connected()
    garbage = weakref.ref(Cycle())

    heap.finish()
    for _ in range(COLLECT_AFTER):
        heap.disconnected()

    assert garbage() is not None


LEFT_BEHIND = """
import atexit, gc, sys
from reference_server.__main__ import main
from reference_server.member import Member
from reference_server.stream import ChatStream, TcpConnection
from reference_server.websocket import ChatConnection

def report():
    gc.unfreeze()
    kinds = (Member, ChatStream, TcpConnection, ChatConnection)
    print("left behind:", [type(one).__name__ for one in gc.get_objects() if isinstance(one, kinds)], file=sys.stderr)

gc.disable()
atexit.register(report)
main()
"""


def test_connections_that_ended_leave_no_cycles(tmp_path: Path) -> None:
    """The collector is off, so only reference counts free anything."""
    with running(tmp_path, program=LEFT_BEHIND) as server:
        room = server.make_room()
        clean, broken, refused = (server.connect(room, user) for user in ("clean", "broken", "refused"))
        clean.socket.close()
        broken.socket.shutdown()
        refused.say("x" * 70_000)
        refused.hears_all()
        refused.socket.shutdown()
        server.refusal(f"/api/chats/ws/{room}?user_id=")
        server.refusal("/api/chats/ws/'?user_id=alice")
        eventually(lambda: server.members() == 0, "all have left")
        staying = server.connect(room, "staying")

        server.process.terminate()
        assert staying.hears_close() == 1001
        staying.socket.shutdown()

        assert server.process.wait(PATIENCE) == 0
        assert "left behind: []" in server.log
