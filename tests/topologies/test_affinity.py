"""The suite judges fronts that go by a cookie, by a header, or by nothing."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from roomproof.client.target import Target
from roomproof.dialects.affinity import ADDRESS, Affinity, AffinityKind
from roomproof.topologies.local import LocalTopology
from roomproof.topologies.topology import TopologyHandle, decode_handle, encode_handle, service_by
from tests.suite.verify import Run, verify
from tests.topologies.discreet import change_configuration, hide_instances

pytestmark = pytest.mark.usefixtures("nginx")

COOKIE = Affinity(AffinityKind.COOKIE, "route")
HEADER = Affinity(AffinityKind.HEADER, "X-Client")

SECTIONS = ("STICKY-1", "STICKY-2", "STICKY-3", "STICKY-4")

Starts = Callable[..., LocalTopology]


@pytest.fixture
def starts() -> Iterator[Starts]:
    """Starts topologies that end with the test."""
    with ExitStack() as closing:

        def start(kind: str, affinity: Affinity) -> LocalTopology:
            topology = LocalTopology.start(kind, deadline=5, breakable=False, affinity=affinity)
            closing.callback(topology.close)
            return topology

        yield start


def judged(folder: Path, topology: LocalTopology, capability: str, *lines: str) -> Run:
    """Run scenarios of several instances against a topology as a user's target."""
    head = f'url = "{topology.handle.target.url}"\ncapabilities = ["{capability}", "fetch", "delete"]'
    (folder / "target.toml").write_text("\n".join([head, *lines]))
    return verify(folder, "test_sticky.py", "test_pubsub.py", "test_stats.py", "--target", "target.toml")


@pytest.mark.parametrize("affinity", [COOKIE, HEADER], ids=str)
def test_a_front_may_go_by_something_else_than_addresses(tmp_path: Path, starts: Starts, affinity: Affinity) -> None:
    run = judged(tmp_path, starts("sticky", affinity), "sticky", f'affinity = "{affinity}"')

    assert run.code == 0, run.output
    assert run.rules("held") >= set(SECTIONS)


@pytest.mark.parametrize("affinity", [COOKIE, HEADER], ids=str)
def test_statistics_tell_instances_apart_without_a_header(
    tmp_path: Path, starts: Starts, monkeypatch: pytest.MonkeyPatch, affinity: Affinity
) -> None:
    hide_instances(monkeypatch)
    run = judged(tmp_path, starts("sticky", affinity), "sticky", f'affinity = "{affinity}"')

    assert run.code == 0, run.output
    assert run.rules("held") >= set(SECTIONS)


def test_a_front_may_name_the_instance_in_another_header(
    tmp_path: Path, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_configuration(monkeypatch, lambda text: text.replace("add_header X-Upstream", "add_header X-Pod"))
    lines = ('affinity = "cookie:route"', 'instance_header = "X-Pod"')
    run = judged(tmp_path, starts("sticky", COOKIE), "sticky", *lines)

    assert run.code == 0, run.output
    assert run.rules("held") >= set(SECTIONS)


@pytest.mark.usefixtures("redis")
def test_without_affinity_every_instance_is_reached_by_trying(
    tmp_path: Path, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_configuration(monkeypatch, lambda text: text.replace("ip_hash;", ""))
    run = judged(tmp_path, starts("pubsub", ADDRESS), "pubsub", 'affinity = "none"')

    assert run.code == 0, run.output
    assert run.rules("held") >= {"PUBSUB-2", "PUBSUB-3", "PUBSUB-4", "PUBSUB-5"}
    assert "PUBSUB-1" in run.rules("not_applicable")


def test_a_cookie_that_the_front_never_sets_is_named(tmp_path: Path, starts: Starts) -> None:
    run = judged(tmp_path, starts("sticky", COOKIE), "sticky", 'affinity = "cookie:rout"')

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert run.verdict["reason"].startswith("expected the front to set the cookie rout with its first answers")


def test_clients_without_a_cookie_on_one_instance_accuse_nobody(
    tmp_path: Path, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_configuration(monkeypatch, lambda text: re.sub(r"(server [^\n]*\nserver [^\n;]*);", r"\1 down;", text))
    run = judged(tmp_path, starts("sticky", COOKIE), "sticky", 'affinity = "cookie:route"')

    assert (run.code, run.verdict["verdict"]) == (3, "inconclusive"), run.output
    assert "STICKY-1" in run.rules("held")
    assert run.rules("untested") >= {"STICKY-2", "STICKY-3", "STICKY-4"}
    assert run.rules("broken") == set()
    assert "expected 20 clients without the cookie route to reach more than one instance" in run.output


def test_the_value_of_a_cookie_is_shown_nowhere(
    tmp_path: Path, starts: Starts, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_configuration(
        monkeypatch, lambda text: text.replace("hash $route consistent;", "").replace("$request_id", "s3cret")
    )
    run = judged(tmp_path, starts("sticky", COOKIE), "sticky", 'affinity = "cookie:route"')

    assert run.code == 1
    assert "STICKY-1" in run.rules("broken")
    assert "s3cret" not in run.output
    assert "s3cret" not in (tmp_path / "results.jsonl").read_text()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('affinity = "stars"', "target.toml, affinity: expected"),
        ('affinity = "cookie:"', "expected the name of a cookie"),
        ('affinity = "cookie:a b"', "expected the name of a cookie"),
        ('affinity = "none"', "expected an affinity for the capability sticky"),
    ],
)
def test_a_wrong_affinity_is_a_usage_error(tmp_path: Path, line: str, complaint: str) -> None:
    (tmp_path / "target.toml").write_text(f'url = "http://127.0.0.1:9"\ncapabilities = ["sticky"]\n{line}\n')
    run = verify(tmp_path, "--target", "target.toml")

    assert (run.code, run.results) == (4, [])
    assert complaint in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize("affinity", [ADDRESS, COOKIE, HEADER], ids=str)
def test_workers_learn_what_the_front_goes_by(affinity: Affinity) -> None:
    handle = TopologyHandle("sticky", "/tmp", Target("http://h", service=service_by(affinity)))

    assert decode_handle(encode_handle(handle)).target.affinity == affinity
