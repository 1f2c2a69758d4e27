"""A server whose DynamoDB is unavailable, or stands still (STICKY-9)."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from roomproof.topologies.ports import reserved_port
from tests.server.dynamodb import dynamodb
from tests.server.process import Server, eventually, running


@contextmanager
def service(folder: Path, port: int, *options: str) -> Iterator[Server]:
    folder.mkdir(exist_ok=True)
    with running(folder, "--store", "dynamodb", "--dynamodb-endpoint", f"http://127.0.0.1:{port}", *options) as server:
        yield server


def assert_refused(server: Server, room: str) -> None:
    """Check that all requests that need the store get 503, many at once."""
    requests: list[Callable[[], int]] = [
        lambda: server.ask("POST", "/api/chats", {"name": "Kitchen", "created_by": "alice"}).status,
        lambda: server.ask("POST", f"/api/chats/{room}/participants", {"participant_ids": ["bob"]}).status,
        lambda: server.ask("GET", f"/api/chats/{room}").status,
        lambda: server.ask("DELETE", f"/api/chats/{room}").status,
        lambda: server.refusal(f"/api/chats/ws/{room}?user_id=carol"),
    ]
    with ThreadPoolExecutor(25) as threads:
        assert set(threads.map(lambda request: request(), requests * 5)) == {503}


def test_members_talk_on_while_requests_get_503(tmp_path: Path) -> None:
    with reserved_port() as port, service(tmp_path / "server", port) as server:
        with dynamodb(port):
            room = server.make_room()
            alice, bob = server.connect(room, "alice"), server.connect(room, "bob")
            alice.hears()
        assert_refused(server, room)
        alice.say("soup")
        assert bob.hears()["content"] == alice.hears()["content"] == "soup"
        assert server.ask("GET", "/health").status == 200
        body = server.ask("POST", "/api/chats", {"name": "Kitchen", "created_by": "alice"}).json
        assert body == {"error": "the store of rooms is away; try again in a few seconds"}

        with dynamodb(port):  # it is empty, so the table has to be created again
            other = server.make_room()
            server.connect(other, "alice").say("again")
        assert "ERROR" not in server.log


def test_a_store_that_stands_still_holds_nobody_else_up(tmp_path: Path) -> None:
    with dynamodb() as store, service(tmp_path / "server", store.port) as server:
        room = server.make_room()
        alice, bob = server.connect(room, "alice"), server.connect(room, "bob")
        alice.hears()
        with store.standing_still(), ThreadPoolExecutor(1) as thread:
            asking = thread.submit(assert_refused, server, room)
            alice.say("soup")
            assert bob.hears()["content"] == alice.hears()["content"] == "soup"
            assert server.ask("GET", "/api/chats/ws/stats").json["total_connections"] == 2
            assert not asking.done(), "expected the statistics while requests wait for the store"
            asking.result()

        eventually(lambda: server.ask("GET", "/api/chats/none").status == 404, "the store is back")


def test_the_server_ends_while_the_store_stands_still(tmp_path: Path) -> None:
    with dynamodb() as store, service(tmp_path / "server", store.port) as server:
        room = server.make_room()
        with store.standing_still():
            for number in range(3):
                server.raw(room, f"coming{number}")
            assert server.end() == 0


def test_a_room_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with dynamodb() as store, service(tmp_path / "server", store.port) as server:
        large = {"name": "Kitchen", "created_by": "alice", "metadata": {"text": "x" * 450_000}}
        created = server.ask("POST", "/api/chats", large)
        room = server.make_room()
        statuses = []
        for part in range(8):
            many = {"participant_ids": [f"{part}{number:059}" for number in range(1_000)]}
            statuses.append(server.ask("POST", f"/api/chats/{room}/participants", many).status)

        assert (created.status, statuses[-1]) == (413, 413)
        assert "400 KB" in created.json["error"]

        def participants() -> list[str]:
            """Return those that the store names; none where it answers too late (503)."""
            named: list[str] = server.ask("GET", f"/api/chats/{room}").json.get("participants", [])
            return named

        expected = 1 + 1_000 * statuses.count(200)
        eventually(lambda: len(participants()) == expected, "the store names all who were added")
        assert "ERROR" not in server.log


def test_instances_that_make_the_table_at_once_share_it(tmp_path: Path) -> None:
    with (
        dynamodb() as store,
        service(tmp_path / "here", store.port) as here,
        service(tmp_path / "there", store.port) as there,
        ThreadPoolExecutor(8) as threads,
    ):
        for room in threads.map(Server.make_room, (here, there) * 4):
            assert [one.ask("GET", f"/api/chats/{room}").status for one in (here, there)] == [200, 200]
