"""Clients are sorted by the instances that they reach."""

import pytest

from roomproof.client.tcp import LocalTroubleError
from roomproof.dialects.affinity import NO_AFFINITY, Affinity, AffinityKind, served_by
from roomproof.stage.clients import Clients
from roomproof.stage.scene import RuleBrokenError


@pytest.mark.parametrize(
    ("upstream", "instance"),
    [
        pytest.param("10.0.0.2:8000", "10.0.0.2:8000", id="one"),
        pytest.param("10.0.0.2:8000, 10.0.0.3:8000", "10.0.0.3:8000", id="the last of several that were tried"),
        pytest.param("10.0.0.2:8000 : unix:/run/b.sock", "unix:/run/b.sock", id="after a redirection"),
        pytest.param("[::1]:8000", "[::1]:8000", id="an IPv6 address"),
        pytest.param("", None, id="an empty header"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_the_last_upstream_served(upstream: str | None, instance: str | None) -> None:
    assert served_by(upstream) == instance


def test_neighbours_in_turn_reach_different_instances() -> None:
    addresses = Clients({"a": "one", "b": "one", "c": "two", "d": "two", "e": "two"})

    assert addresses.alternating() == ["a", "c", "b", "d", "e"]
    assert addresses.each == ["a", "c"]
    assert addresses.apart("STICKY-2") == ("a", "c")


def test_clients_without_a_cookie_that_are_alike_prove_nothing() -> None:
    alike = Clients({"a": "one", "b": "one"}, Affinity(AffinityKind.COOKIE, "route"))

    with pytest.raises(LocalTroubleError, match=r"2 clients without the cookie route .* got one; .* source_addresses"):
        alike.apart("STICKY-2")


def test_without_affinity_only_the_wanted_instance_is_named() -> None:
    clients = Clients({"one": "one", "two": "two"}, NO_AFFINITY)

    assert (clients.homes, clients.alternating()) == ([None], [None])
    assert (clients.each, clients.apart("PUBSUB-1")) == (["one", "two"], ("one", "two"))
    with pytest.raises(LocalTroubleError, match="expected 20 requests to reach more than one instance, got one"):
        Clients({"one": "one"}, NO_AFFINITY).apart("PUBSUB-1")


def test_without_addresses_there_is_one_client() -> None:
    assert (Clients({}).each, Clients({}).alternating()) == ([None], [None])


def test_addresses_that_reach_one_instance_are_not_apart() -> None:
    with pytest.raises(RuleBrokenError) as error:
        Clients({"a": "one", "b": "one"}).apart("PUBSUB-1")

    assert error.value.rule == "PUBSUB-1"
