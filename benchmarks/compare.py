"""Roomproof beside a bare Node `ws` loop, plain Locust and k6, in turn.

`python -m benchmarks.compare` runs each against a server, with the same load. Members of a room send at evenly spread
times: if they sent one right after the other, a generator could read several frames at once.

It prints the CPU of each generator per delivery, and the ratio to the first. Handshakes are left out where a generator
tells when they are over. Compare only generators of one round: the machine may have other work to do.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import urllib3

from tests.listening import ROOT, listening

HERE = Path(__file__).parent
SHAPES = {"20 x 10, 10/s each": (20, 10, 10), "4 x 50, 5/s each": (4, 50, 5)}
"""Rooms, members of each, messages a second of each member."""

BYTES, SECONDS, ROUNDS = 120, 10, 3
LOCUST = str(Path(sys.executable).with_name("locust"))
Shape = tuple[int, int, int]

DIALECT = """
[room]
create = "POST /api/chats"
body = {name = "{name}", created_by = "{user}"}
id = "id"
add = "POST /api/chats/{room}/participants"
add_body = {participant_ids = ["{user}"]}

[connect]
path = "/api/chats/ws/{room}"
query = {user_id = "{user}"}

[say]
frame = {type = "message", content = "{content}"}

[[hear]]
when = {type = "message"}
message = {content = "content", sender = "sender_id", room = "chat_id", timestamp = "timestamp"}

[[hear]]
when = {type = "system", content = "{user} joined the chat"}
joined = {room = "chat_id", timestamp = "timestamp"}

[[hear]]
when = {type = "system", content = "{user} left the chat"}
left = {room = "chat_id", timestamp = "timestamp"}

[[hear]]
when = {type = "error"}
error = {content = "content"}
"""
"""The frames of PROTOCOL.md, declared as those of any other service."""


def node(url: str, shape: Shape) -> float:
    """Return the CPU microseconds per delivery of a bare Node loop."""
    words = [str(number) for number in (*shape, BYTES, SECONDS)]
    done = subprocess.run(["node", HERE / "node_client.mjs", url, *words], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["cpu_us_per_delivery"])


def roomproof(url: str, shape: Shape, *, dialect: str = "") -> float:
    """Return those of Roomproof, which verifies every delivery.

    With a `dialect`, it knows the server from a target file only.
    """
    rooms, members, rate = shape
    with tempfile.TemporaryDirectory() as folder:
        results, target = Path(folder, "results.jsonl"), url
        if dialect:
            target = str(Path(folder, "chat.toml"))
            Path(target).write_text(f'url = "{url}"\n{dialect}')
        options = [
            f"-u{rooms * members}",
            "-r100",
            f"-t{SECONDS + 2}",
            "--room-size",
            str(members),
            "--rate",
            str(rate),
        ]
        script = ROOT / "locustfiles" / "steady.py"
        command = [
            LOCUST,
            "-f",
            script,
            "--host",
            target,
            "--headless",
            "--only-summary",
            *options,
            "--results",
            results,
        ]
        subprocess.run([str(word) for word in command], capture_output=True, check=False)
        verdict = json.loads(results.read_text().splitlines()[-1])
    if verdict["verdict"] != "valid":
        print(f"    not valid: {verdict['reason']}")
    return float(verdict["generator"]["cpu_us_per_delivery"])


def plain_locust(url: str, shape: Shape) -> float:
    """Return those of plain Locust, which verifies nothing, with its handshakes."""
    rooms, members, _ = shape
    http = urllib3.PoolManager()
    body = {"name": "bench", "created_by": "bench"}
    chats = [http.request("POST", f"{url}/api/chats", json=body).json()["id"] for _ in range(rooms)]
    environment = {"SHAPE": ",".join(map(str, (*shape, BYTES, SECONDS))), "CHATS": ",".join(chats)}
    options = ["--headless", "--only-summary", f"-u{rooms * members}", "-r100", f"-t{SECONDS}", "--json"]
    command = [LOCUST, "-f", HERE / "plain_locust.py", "--host", url, *options]
    cpu, output = _cpu_of([str(word) for word in command], environment)
    return cpu / int(json.loads(output)[0]["num_requests"]) * 1e6


def k6(url: str, shape: Shape, *, checks: bool = False) -> float:
    """Return those of k6 with its handshakes.

    It looks at no delivery, or it checks the type of each and times it.
    """
    environment = {"SHAPE": ",".join(map(str, (*shape, BYTES, SECONDS))), "TARGET": url}
    if checks:
        environment["CHECKS"] = "yes"
    with tempfile.TemporaryDirectory() as folder:
        summary = str(Path(folder, "summary.json"))
        command = [shutil.which("k6") or str(Path(sys.executable).with_name("k6")), "run", "-q"]
        cpu, _ = _cpu_of([*command, "--summary-export", summary, str(HERE / "k6_client.js")], environment)
        return cpu / int(json.loads(Path(summary).read_text())["metrics"]["delivered"]["count"]) * 1e6


def _cpu_of(command: list[str], environment: dict[str, str]) -> tuple[float, str]:
    """Return the CPU seconds of a command and its children, and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=False, timeout=6 * SECONDS
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


GENERATORS: dict[str, Callable[[str, Shape], float]] = {
    "Node ws, bare loop": node,
    "Roomproof": roomproof,
    "Roomproof, declared dialect": partial(roomproof, dialect=DIALECT),
    "plain Locust": plain_locust,
    "k6, counts": k6,
    "k6, checks and times": partial(k6, checks=True),
}


def main() -> None:
    """Print the table."""
    names = ", ".join(map(repr, GENERATORS))
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("generator", nargs="*", help=f"all, if none is named; the first one is the measure: {names}")
    wanted = parser.parse_args().generator or list(GENERATORS)
    if unknown := [one for one in wanted if one not in GENERATORS]:
        parser.error(f"expected generators of {names}, got {unknown[0]!r}")
    for name, shape in SHAPES.items():
        print(f"{name}, CPU microseconds per delivery, median of {ROUNDS} rounds (in brackets: all)", flush=True)
        figures: dict[str, list[float]] = {generator: [] for generator in wanted}
        for _ in range(ROUNDS):
            with listening("node", str(ROOT / "tests/peers/node/server.mjs"), "--port", "0") as url:
                for generator in wanted:
                    figures[generator].append(GENERATORS[generator](url, shape))
                    time.sleep(1)
        base = statistics.median(figures[wanted[0]])
        for generator, values in figures.items():
            median = statistics.median(values)
            rounds = ", ".join(f"{value:.1f}" for value in values)
            print(f"| {generator} | {median:.1f} | {median / base:.2f} x {wanted[0]} | ({rounds}) |", flush=True)


if __name__ == "__main__":
    main()
