"""Client addresses are sorted by the instances that they reach."""

import pytest

from roomproof.client.http import served_by
from roomproof.stage.addresses import ClientAddresses
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
    addresses = ClientAddresses({"a": "one", "b": "one", "c": "two", "d": "two", "e": "two"})

    assert addresses.alternating() == ["a", "c", "b", "d", "e"]
    assert addresses.each == ["a", "c"]
    assert addresses.apart("STICKY-2") == ("a", "c")


def test_without_addresses_there_is_one_client() -> None:
    assert (ClientAddresses({}).each, ClientAddresses({}).alternating()) == ([None], [None])


def test_addresses_that_reach_one_instance_are_not_apart() -> None:
    with pytest.raises(RuleBrokenError) as error:
        ClientAddresses({"a": "one", "b": "one"}).apart("PUBSUB-1")

    assert error.value.rule == "PUBSUB-1"
