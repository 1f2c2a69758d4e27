"""The bus between instances goes away and comes back, and people go on talking."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from roomproof.nemesis.site import Site
from roomproof.nemesis.talk import BackgroundTalk
from roomproof.spec import messages
from roomproof.spec.limits import BUS_HEALED_S
from roomproof.stage.endings import Refusal
from roomproof.suite.marks import breaks_parts, rule
from roomproof.topologies.topology import BreakablePart, CuttableLink, ServiceInstance

pytestmark = breaks_parts

OUTAGE_SECONDS = 5.0
"""Seconds that a silent outage lasts, in which instances can notice it."""


def bus_of(site: Site) -> BreakablePart:
    """The bus itself."""
    assert site.topology.bus is not None
    return site.topology.bus


def link_of(site: Site) -> CuttableLink:
    """The link of the near instance with the bus."""
    assert site.near.bus is not None
    return site.near.bus


@dataclass(frozen=True, slots=True)
class Outage:
    """The functions that take the bus away and bring it back.

    `scope` returns the affected instances; empty for all.
    """

    begin: Callable[[Site], None]
    end: Callable[[Site], None]
    scope: Callable[[Site], list[ServiceInstance]] = lambda _: []


OUTAGES = {
    "it is restarted": Outage(lambda site: bus_of(site).stop(), lambda site: bus_of(site).start()),
    "it dies and is back": Outage(lambda site: bus_of(site).kill(), lambda site: bus_of(site).start()),
    "it is cut off": Outage(
        lambda site: link_of(site).cut(), lambda site: link_of(site).mend(), lambda site: [site.near]
    ),
    "its link stalls": Outage(
        lambda site: link_of(site).stall(), lambda site: link_of(site).mend(), lambda site: [site.near]
    ),
}
NOTICED = ("it dies and is back", "it is cut off")
"""The outages that an instance notices at once."""


@rule("PUBSUB-7")
@pytest.mark.parametrize("outage", [pytest.param(outage, id=case) for case, outage in OUTAGES.items()])
def test_members_stay_and_hear_each_other_again(site: Site, outage: Outage) -> None:
    alice, anna, bob, ben = site.people
    assert not site.unheard(*site.people)

    with BackgroundTalk(alice, anna, bob):
        with site.broken("the bus is away", *outage.scope(site), heal=BUS_HEALED_S):
            outage.begin(site)
            ben.leave()
            alice.was_answered(messages.Error, within=OUTAGE_SECONDS)  # by now the instance has noticed the outage
            early = site.room.attempt("guest-0", source=site.here)
            outage.end(site)
        assert not site.unheard(alice, anna, bob, within=BUS_HEALED_S)

    assert not isinstance(early, Refusal) or early.status == 503, f"expected 503 or no refusal, got {early}"
    assert not site.cut_off(alice, anna, bob)
    assert not site.doubled(alice, anna, bob)
    for user, source in (("guest-1", site.there), ("guest-2", site.here)):
        guest = site.room.join(user, source=source)
        assert not site.unheard(alice, anna, bob, guest)
        guest.leave()
        for listener in (alice, anna, bob):
            listener.hears_join_of(user, rule="PUBSUB-7")
            listener.hears_leave_of(user, rule="PUBSUB-7")


@rule("PUBSUB-8")
@pytest.mark.parametrize("outage", [pytest.param(OUTAGES[case], id=case) for case in NOTICED])
def test_who_cannot_be_heard_is_told(site: Site, outage: Outage) -> None:
    assert not site.unheard(*site.people)

    with site.broken("the bus is away", *outage.scope(site), heal=BUS_HEALED_S):
        outage.begin(site)
        site.alice.say("hello?")
        is_told = site.alice.was_answered(messages.Error)
        outage.end(site)
    assert not site.unheard(*site.people, within=BUS_HEALED_S)

    assert is_told, f"expected an error frame, alice got {site.alice.account()}"
