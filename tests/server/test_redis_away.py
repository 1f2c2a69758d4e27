"""Instances whose Redis breaks (PUBSUB-7, PUBSUB-8)."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from roomproof.topologies.ports import reserved_port
from tests.server.cluster import (
    Cluster,
    Redis,
    hears,
    hears_up_to,
    running_cluster,
    running_instance,
    running_redis,
)
from tests.server.process import Client, eventually

Break = Callable[[Redis], None]

BREAKS = [pytest.param(Redis.kill, Redis.start, id="killed"), pytest.param(Redis.freeze, Redis.thaw, id="frozen")]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running_cluster(tmp_path, "--heartbeat", "0") as one:  # members can be silent for long here
        yield one
        assert "ERROR" not in one.here.log + one.there.log


def couple(cluster: Cluster) -> tuple[str, Client, Client]:
    """Return a new room with two members, alice here and bob there."""
    room = cluster.here.make_room()
    alice = cluster.here.connect(room, "alice")
    hears(alice, "alice joined the chat")
    bob = cluster.there.connect(room, "bob")
    for member in (alice, bob):
        hears(member, "bob joined the chat")
    return room, alice, bob


def errors(member: Client) -> bool:
    """Say something. Whether the answer is the error of a broken broadcast."""
    member.say("into the void")
    heard = member.hears()
    return heard["type"] == "error" and "broadcast between the instances" in heard["content"]


def await_away(cluster: Cluster) -> None:
    """Wait until both instances have noticed that Redis is away."""
    for one in (cluster.here, cluster.there):
        eventually(lambda one=one: "broadcast away" in one.log, "the outage is noticed")  # type: ignore[misc]


@pytest.mark.parametrize(("fail", "mend"), BREAKS)
def test_an_outage_is_reported_and_heals_by_itself(cluster: Cluster, fail: Break, mend: Break) -> None:
    """Senders get an error frame, and handshakes get 503."""
    room, alice, bob = couple(cluster)
    fail(cluster.redis)
    assert errors(alice)
    assert errors(bob)
    assert cluster.here.refusal(f"/api/chats/ws/{room}?user_id=carol") == 503
    await_away(cluster)

    mend(cluster.redis)
    cluster.await_broadcast(times=2)

    for number in range(20):
        alice.say(f"again {number}")
    assert set(hears_up_to(bob, "again 0")) <= {"into the void"}  # it might have been published, once
    assert hears_up_to(bob, "again 19") == [f"again {number}" for number in range(1, 19)]
    cluster.assert_whole()
    for one in (cluster.here, cluster.there):
        assert one.log.count("broadcast away") == 1
        assert one.log.count("broadcast connected") == 2
        assert "into the void" not in one.log


def test_a_short_standstill_of_redis_costs_nothing(cluster: Cluster) -> None:
    _, alice, bob = couple(cluster)

    cluster.redis.freeze()
    for number in range(50):
        alice.say(str(number))
    time.sleep(1.5)  # the standstill itself
    cluster.redis.thaw()

    for member in (alice, bob):
        for number in range(50):
            hears(member, str(number))
    assert "broadcast away" not in cluster.here.log


def test_a_standstill_of_an_instance_costs_nothing(cluster: Cluster) -> None:
    _, alice, bob = couple(cluster)

    cluster.there.process.send_signal(signal.SIGSTOP)
    for number in range(50):
        bob.say(f"bob {number}")
    for number in range(500):
        alice.say(str(number))
        hears(alice, str(number))
    time.sleep(5)  # the standstill itself, of the length in STICKY-7
    cluster.there.process.send_signal(signal.SIGCONT)
    alice.say("the end")

    heard = hears_up_to(bob, "the end")
    bob.say("bye")
    heard += hears_up_to(bob, "bye")
    assert [content for content in heard if content[0] != "b"] == [str(number) for number in range(500)]
    assert [content for content in heard if content[0] == "b"] == [f"bob {number}" for number in range(50)]
    assert "broadcast away" not in cluster.there.log


def test_a_cut_connection_is_made_anew(cluster: Cluster) -> None:
    _, alice, bob = couple(cluster)

    for round_ in range(5):
        with cluster.redis.client() as client:
            client.client_kill_filter(_type="pubsub", skipme=False)
        cluster.await_broadcast(times=2 + round_)
        for speaker in (alice, bob):
            speaker.say(f"round {round_}")
            for member in (alice, bob):
                hears(member, f"round {round_}")
    cluster.assert_whole()


def test_cuts_amid_a_flood_double_and_swap_nothing(cluster: Cluster) -> None:
    room, alice, bob = couple(cluster)

    with cluster.redis.client() as client:
        for number in range(3_000):
            alice.say(f"{number:05}")
            if number % 500 == 250:
                client.client_kill_filter(_type="pubsub", skipme=False)
        eventually(
            lambda: client.pubsub_numsub(f"roomproof:0:{room}")[0][1] == 2, "both instances are subscribed again"
        )

    for heard in (hears_through_errors(alice), hears_up_to(bob, "the end")):
        assert heard == sorted(set(heard))


def hears_through_errors(member: Client) -> list[str]:
    """Say "the end" until it comes back, and return the messages before it."""
    heard: list[str] = []
    member.say("the end")
    while (frame := member.hears())["content"] != "the end":
        if frame["type"] == "message":
            heard.append(frame["content"])
        elif "passed on" in frame["content"]:
            member.say("the end")
    return heard


def test_leaves_and_deletions_are_published_after_a_cut(cluster: Cluster) -> None:
    """An instance that was cut off announces later what happened in the meantime."""
    room, alice, bob = couple(cluster)
    carol = cluster.here.connect(room, "carol")
    for member in (alice, bob):
        hears(member, "carol joined the chat")
    doomed, dora, emil = couple(cluster)
    cluster.redis.cut_off("here")
    eventually(lambda: "broadcast away" in cluster.here.log, "the cut is noticed")

    carol.socket.close()
    eventually(lambda: "left chat" in cluster.here.log, "the leave is noticed")
    assert cluster.here.ask("DELETE", f"/api/chats/{doomed}").status == 204
    assert dora.hears_all()[1] == 4004
    bob.say("who is there?")
    hears(bob, "who is there?")
    cluster.redis.let_in("here")

    for member in (alice, bob):
        hears(member, "carol left the chat")
    assert emil.hears_close() == 4004
    alice.say("soup")
    for member in (alice, bob):
        hears(member, "soup")
    assert "broadcast away" not in cluster.there.log


def test_deletions_are_noticed_after_a_cut(cluster: Cluster) -> None:
    """An instance that was cut off closes the members of rooms deleted elsewhere."""
    room, alice, bob = couple(cluster)
    cluster.redis.cut_off("here")
    eventually(lambda: "broadcast away" in cluster.here.log, "the cut is noticed")

    assert cluster.there.ask("DELETE", f"/api/chats/{room}").status == 204
    assert bob.hears_close() == 4004
    cluster.redis.let_in("here")

    assert alice.hears_close() == 4004


def test_an_instance_starts_while_redis_is_away(tmp_path: Path) -> None:
    with reserved_port() as port, running_instance(tmp_path, "here", f"redis://127.0.0.1:{port}") as here:
        room = here.make_room()
        assert here.refusal(f"/api/chats/ws/{room}?user_id=alice") == 503
        assert here.ask("GET", "/health").status == 200
        one = Redis(tmp_path, port)
        one.start()
        try:
            eventually(lambda: "broadcast connected" in here.log, "it is connected")
            hears(here.connect(room, "alice"), "alice joined the chat")
        finally:
            one.kill()


@pytest.mark.parametrize("fail", [None, Redis.kill, Redis.freeze], ids=["up", "away", "frozen"])
def test_members_hear_1001_and_the_process_ends(cluster: Cluster, fail: Break | None) -> None:
    room, alice, bob = couple(cluster)
    deaf = cluster.here.raw(room, "deaf", receive_buffer=4096)
    for member in (alice, bob):
        hears(member, "deaf joined the chat")
    if fail is not None:
        fail(cluster.redis)
        alice.say("into the void")

    assert cluster.here.end() == 0
    assert alice.hears_all()[1] == 1001
    if fail is None:
        assert sorted(bob.hears()["content"] for _ in range(2)) == ["alice left the chat", "deaf left the chat"]
    deaf.close()


def test_a_redis_that_refuses_is_logged_once(tmp_path: Path) -> None:
    with running_redis(tmp_path) as one:
        with one.client() as client:
            client.config_set("requirepass", "secret")
        with running_instance(tmp_path, "here", f"redis://:wrong@127.0.0.1:{one.port}") as here:
            room = here.make_room()
            assert here.refusal(f"/api/chats/ws/{room}?user_id=alice") == 503
            assert here.log.count("broadcast away") == 1
            assert "wrong@" not in here.log
        with running_instance(tmp_path, "there", f"redis://:secret@127.0.0.1:{one.port}") as there:
            hears(there.connect(room, "alice"), "alice joined the chat")
