"""Instances with a Redis between them that does not break."""

import threading
from collections.abc import Callable, Iterator

import pytest

from tests.server.cluster import Cluster, hears, hears_up_to, running_cluster
from tests.server.process import Client, eventually, text_frame


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster")) as one:
        yield one
        assert "ERROR" not in one.here.log + one.there.log
        assert one.here.log.count("broadcast") == one.there.log.count("broadcast") == 1


Gather = Callable[..., tuple[str, list[Client]]]


@pytest.fixture
def gather(cluster: Cluster) -> Iterator[Gather]:
    """Return a function that makes a room with members, alternately on both instances.

    All members have heard all joins.
    """
    members: list[Client] = []

    def gathered(*names: str) -> tuple[str, list[Client]]:
        room = cluster.here.make_room()
        own: list[Client] = []
        for number, name in enumerate(names):
            own.append((cluster.here, cluster.there)[number % 2].connect(room, name))
            for member in own:
                hears(member, f"{name} joined the chat")
        members.extend(own)
        return room, own

    yield gathered
    for member in members:
        member.socket.shutdown()


def test_everything_crosses_once_and_in_one_order(gather: Gather) -> None:
    _, members = gather("a", "b", "c", "d")
    expected = {f"{name}{number}" for name in "abcd" for number in range(200)}
    heard: list[list[str]] = [[] for _ in members]

    def listen(number: int) -> None:
        heard[number] = [members[number].hears()["content"] for _ in expected]

    listeners = [threading.Thread(target=listen, args=(number,)) for number in range(4)]
    for listener in listeners:
        listener.start()
    for number in range(200):
        for name, member in zip("abcd", members, strict=True):
            member.say(f"{name}{number}")
    for listener in listeners:
        listener.join()

    assert heard[0] == heard[1] == heard[2] == heard[3]
    assert set(heard[0]) == expected
    for name in "abcd":
        assert [content for content in heard[0] if content[0] == name] == [f"{name}{n}" for n in range(200)]


def test_joins_and_leaves_cross_once(cluster: Cluster, gather: Gather) -> None:
    room, (alice, bob) = gather("alice", "bob")

    for number in range(20):
        carol = cluster.there.connect(room, "carol")
        for member in (alice, bob, carol):
            hears(member, "carol joined the chat")
        if number % 2:
            carol.socket.close()
        else:
            carol.socket.shutdown()
        for member in (alice, bob):
            hears(member, "carol left the chat")
    alice.say("the end")
    for member in (alice, bob):
        hears(member, "the end")


def test_the_last_words_before_a_close_cross_before_the_leave(gather: Gather) -> None:
    _, (alice, bob) = gather("alice", "bob")

    for number in range(50):
        bob.say(str(number))
    bob.socket.close()

    assert hears_up_to(alice, "bob left the chat") == [str(number) for number in range(50)]


def test_a_member_that_joins_amid_a_leave_hears_all_that_follows(cluster: Cluster, gather: Gather) -> None:
    room, (alice, bob) = gather("alice", "bob")

    leaving, name = bob, "bob"
    for number in range(100):
        leaving.socket.send_close()  # the instance unsubscribes from the room, or not, while somebody else joins
        coming = cluster.there.connect(room, f"guest{number}")
        hears_up_to(alice, f"guest{number} joined the chat")
        alice.say(f"welcome {number}")
        before = hears_up_to(coming, f"welcome {number}")
        assert before in (
            [f"guest{number} joined the chat"],
            [f"{name} left the chat", f"guest{number} joined the chat"],
            [f"guest{number} joined the chat", f"{name} left the chat"],
        )
        hears_up_to(alice, f"welcome {number}")
        leaving.socket.shutdown()
        leaving, name = coming, f"guest{number}"
    leaving.socket.shutdown()


def test_a_client_can_speak_before_its_handshake_is_answered(cluster: Cluster, gather: Gather) -> None:
    room, (alice,) = gather("alice")

    for number in range(20):
        link = cluster.there.raw(room, "hasty")
        link.sendall(text_frame(f'{{"type":"message","content":"first {number}"}}'))
        assert set(hears_up_to(alice, f"first {number}")) <= {"hasty joined the chat", "hasty left the chat"}
        link.close()


def test_statistics_name_and_count_their_instance(cluster: Cluster, gather: Gather) -> None:
    room, members = gather("a", "b", "c")

    def stats() -> list[object]:
        answers = [one.ask("GET", "/api/chats/ws/stats").json for one in (cluster.here, cluster.there)]
        return [(one["instance"], one["total_connections"], room in one["active_rooms"]) for one in answers]

    eventually(lambda: stats() == [("here", 2, True), ("there", 1, True)], "the members of other tests are gone")
    members[1].socket.close()
    eventually(lambda: stats() == [("here", 2, True), ("there", 0, False)], "the room has no member there")


def test_a_deletion_closes_the_members_on_all_instances(cluster: Cluster, gather: Gather) -> None:
    room, members = gather("alice", "bob", "carol")

    assert cluster.there.ask("DELETE", f"/api/chats/{room}").status == 204

    assert [member.hears_close() for member in members] == [4004, 4004, 4004]
    for one in (cluster.here, cluster.there):
        assert one.refusal(f"/api/chats/ws/{room}?user_id=alice") == 403


def test_a_flood_is_slowed_down_and_disturbs_nobody_elsewhere(cluster: Cluster, gather: Gather) -> None:
    room, (alice, bob) = gather("alice", "bob")
    quiet_room, (dora, emil) = gather("dora", "emil")
    flooder = cluster.here.raw(room, "flooder", receive_buffer=4096)
    for member in (alice, bob):
        hears(member, "flooder joined the chat")
    before = cluster.here.resident_bytes
    sent = 0
    frame = text_frame('{"type":"message","content":"%s"}' % ("x" * 10_000))
    listeners = [threading.Thread(target=hears_up_to, args=(member, "enough")) for member in (alice, bob)]
    for listener in listeners:
        listener.start()
    flooder.settimeout(1)
    try:
        while sent < 100_000_000:
            flooder.sendall(frame)
            sent += len(frame)
    except TimeoutError:
        pass

    assert sent < 50_000_000  # its own echoes are stuck, so the server stops reading
    assert cluster.here.resident_bytes - before < 50_000_000
    dora.say("all quiet")
    hears(emil, "all quiet")
    alice.say("enough")
    for listener in listeners:
        listener.join()
    assert cluster.here.ask("GET", "/api/chats/ws/stats").json["active_rooms"].count(quiet_room) == 1
    assert "too slowly" not in cluster.here.log


def test_a_flood_reaches_members_that_read(gather: Gather) -> None:
    _, (alice, bob) = gather("alice", "bob")
    heard: list[str] = []
    listeners = [
        threading.Thread(target=lambda: heard.extend(hears_up_to(bob, "done"))),
        threading.Thread(target=lambda: hears_up_to(alice, "done")),
    ]
    for listener in listeners:
        listener.start()
    for number in range(5_000):
        alice.say(str(number))
    alice.say("done")
    for listener in listeners:
        listener.join()

    assert heard == [str(number) for number in range(5_000)]


def test_an_item_published_twice_is_heard_once(cluster: Cluster, gather: Gather) -> None:
    room, (alice, bob) = gather("alice", "bob")
    with cluster.redis.client() as client, client.pubsub() as spy:
        spy.psubscribe(f"*:{room}")
        assert spy.get_message(timeout=10)["type"] == "psubscribe"
        alice.say("soup")
        published = spy.get_message(timeout=10)
        client.publish(published["channel"], published["data"])
        client.publish(published["channel"], "not what instances say")
    bob.say("thanks")

    for member in (alice, bob):
        assert hears_up_to(member, "thanks") == ["soup"]


def test_databases_of_one_redis_are_separate(cluster: Cluster, gather: Gather) -> None:
    room, (alice,) = gather("alice")
    with cluster.redis.client() as client:
        channels = [channel.decode() for channel in client.pubsub_channels()]
        assert f"roomproof:0:{room}" in channels
        client.publish(f"roomproof:1:{room}", "x 1 {}")
    alice.say("soup")
    hears(alice, "soup")
