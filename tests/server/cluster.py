"""Several instances that share a store and a Redis which can break."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from roomproof.topologies.ports import reserved_port
from tests.conftest import require
from tests.server.process import Client, Server, eventually, running


@dataclass
class Redis:
    """A Redis server on a port of its own."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def url_of(self, user: str) -> str:
        """Return a URL for one instance, which can then be cut off alone."""
        return f"redis://{user}:secret@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        program = require("redis-server", "apt-get install redis-server")
        command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder)]
        for user in ("here", "there"):
            command += ["--user", user, "on", ">secret", "allkeys", "allchannels", "+@all"]
        if setpriv := shutil.which("setpriv"):
            command = [setpriv, "--pdeathsig", "KILL", *command]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        eventually(self._answers, "redis-server answers")

    def kill(self) -> None:
        """Kill the server."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Stop the process without ending it."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen process go on."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)

    def cut_off(self, user: str) -> None:
        """End the connections of an instance, and refuse new ones."""
        with self.client() as client:
            client.acl_setuser(user, enabled=False)
            client.execute_command("CLIENT", "KILL", "USER", user)

    def let_in(self, user: str) -> None:
        """Accept connections of an instance again."""
        with self.client() as client:
            client.acl_setuser(user, enabled=True)

    def client(self) -> Any:
        """Return a client with all rights."""
        return redis.Redis(port=self.port)

    def _answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError), self.client() as client:
            return bool(client.ping())
        return False


@contextlib.contextmanager
def running_redis(folder: Path) -> Iterator[Redis]:
    """Run a Redis server on a free port."""
    with reserved_port() as port:
        one = Redis(folder, port)
        one.start()
        try:
            yield one
        finally:
            one.kill()


@contextlib.contextmanager
def running_instance(folder: Path, name: str, broadcast: str, *options: str) -> Iterator[Server]:
    """Run an instance that shares its rooms with the others in the folder."""
    own = folder / name
    own.mkdir(exist_ok=True)
    wanted = ["--database", str(folder / "chats.sqlite3"), "--broadcast", broadcast, "--instance", name, *options]
    with running(own, *wanted) as server:
        yield server


@dataclass
class Cluster:
    """Two instances, `here` and `there`, and their Redis."""

    redis: Redis
    here: Server
    there: Server

    def await_broadcast(self, times: int = 1) -> None:
        """Wait until each instance has connected to Redis this many times."""
        for one in (self.here, self.there):
            eventually(lambda one=one: one.log.count("broadcast connected") >= times, "it is connected to Redis")  # type: ignore[misc]

    def assert_whole(self) -> None:
        """Check that two new members, one on each instance, hear each other completely.

        They hear joins, messages and leaves, and nothing else.
        """
        room = self.here.make_room()
        alice = self.here.connect(room, "alice")
        hears(alice, "alice joined the chat")
        bob = self.there.connect(room, "bob")
        for one in (alice, bob):
            hears(one, "bob joined the chat")
        for number in range(20):
            for speaker in (alice, bob):
                speaker.say(f"{number}")
                for one in (alice, bob):
                    hears(one, f"{number}")
        bob.socket.close()
        hears(alice, "bob left the chat")


@contextlib.contextmanager
def running_cluster(folder: Path, *options: str) -> Iterator[Cluster]:
    """Run a Redis and two instances that are connected to it."""
    with (
        running_redis(folder) as one_redis,
        running_instance(folder, "here", one_redis.url_of("here"), *options) as here,
        running_instance(folder, "there", one_redis.url_of("there"), *options) as there,
    ):
        cluster = Cluster(one_redis, here, there)
        cluster.await_broadcast()
        yield cluster


def hears(member: Client, content: str) -> None:
    """Check that the next frame has this content."""
    heard = member.hears()
    assert heard["content"] == content, f"expected {content!r}, got {heard}"


def hears_up_to(member: Client, content: str) -> list[str]:
    """Return the contents of the frames before the one with this content."""
    heard: list[str] = []
    while (frame := member.hears())["content"] != content:
        heard.append(frame["content"])
    return heard
