"""Instances, their front and their store break, and people go on talking."""

import time
from concurrent.futures import Future, ThreadPoolExecutor, wait

import pytest

from roomproof.client.http import Answer, UnreachableError
from roomproof.nemesis.site import Site
from roomproof.nemesis.talk import BackgroundTalk
from roomproof.spec.limits import (
    INSTANCE_LEFT_OUT_S,
    INSTANCE_USED_AGAIN_S,
    STORE_AWAY_ANSWER_S,
    STORE_HEALED_S,
    SURVIVED_PAUSE_S,
)
from roomproof.stage.endings import Refusal
from roomproof.suite.marks import breaks_parts, rule

pytestmark = breaks_parts

PAUSE_BETWEEN_TALKS = 0.1
"""Seconds between two rounds of talk while the store is away."""

NEW_ROOM = {"name": "Attic", "created_by": "alice"}
NEW_USERS = {"participant_ids": ["zoe"]}

REQUESTS_AT_ONCE = 5
"""Number of requests to each instance at once; in turn they would take too long."""


def says_why(answer: Answer) -> bool:
    """Whether an error answer holds a sentence that gives the reason."""
    return any(isinstance(value, str) and " " in value for value in answer.fields().values())


@rule("STICKY-5", "PUBSUB-6")
def test_members_of_an_instance_that_dies_find_another(site: Site) -> None:
    assert not site.unheard(*site.people)

    with BackgroundTalk(*site.people):
        with site.broken("an instance is killed", site.near):
            site.near.kill()
            site.alice.was_closed_with()
            site.anna.was_closed_with()
        again = site.comes_back("alice", site.here, within=INSTANCE_LEFT_OUT_S)
        assert not site.unheard(again, site.bob, site.ben)

    assert again.instance == site.far.upstream
    assert not site.cut_off(again, site.bob, site.ben)


@rule("STICKY-6", "PUBSUB-6")
@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_instance_that_is_back_is_used_again(site: Site, end: str) -> None:
    assert not site.unheard(*site.people)

    with BackgroundTalk(site.bob, site.ben):
        with site.broken("an instance is restarted", site.near):
            {"stop": site.near.stop, "kill": site.near.kill}[end]()
            site.alice.was_closed_with()
            site.anna.was_closed_with()
            refugee = site.comes_back("alice", site.here, within=INSTANCE_LEFT_OUT_S)
            refugee.fence()
            site.near.start()
        assert site.is_served_by(site.near, site.here, within=INSTANCE_USED_AGAIN_S), (
            f"expected {site.near.name} to be used again, got the other instance"
        )
        anna = site.comes_back("anna", site.here, within=INSTANCE_LEFT_OUT_S)
        assert not site.unheard(refugee, anna, site.bob, site.ben)

    assert anna.instance == site.near.upstream
    assert refugee.instance == site.far.upstream
    assert not site.cut_off(refugee, anna, site.bob, site.ben)


@rule("STICKY-7", "PUBSUB-6")
def test_an_instance_that_stood_still_has_lost_nothing(site: Site) -> None:
    assert not site.unheard(*site.people)

    with BackgroundTalk(*site.people) as talk, site.broken("an instance stands still", site.near):
        site.near.pause()
        time.sleep(SURVIVED_PAUSE_S)  # this is the fault itself
        site.near.resume()
    still_here = [one for one in site.people if one.is_open]

    for speaker in still_here:
        assert not talk.unheard(speaker, site.audience(speaker, still_here))
    assert not site.cut_off(site.bob, site.ben)
    assert not site.unheard(*still_here)
    assert not site.doubled(*still_here)


@rule("STICKY-8", "PUBSUB-6")
def test_reloading_the_front_disturbs_nobody(site: Site) -> None:
    assert not site.unheard(*site.people)

    with BackgroundTalk(*site.people) as talk:
        for number in range(3):
            site.topology.reload_front()
            guest = site.room.attempt(f"guest-{number}", source=site.here)
            assert not isinstance(guest, Refusal), f"expected a handshake after a reload to succeed, got {guest}"
            assert not site.unheard(guest, *site.people)

    for speaker in site.people:
        assert not talk.unheard(speaker, site.audience(speaker, site.people))
    assert not site.cut_off(*site.people)


def answer_of(request: Future[Answer]) -> Answer:
    """The answer to a request.

    A missing one breaks the rules of the scenario here, and not that of the request.
    """
    try:
        return request.result()
    except UnreachableError as error:
        raise AssertionError(f"expected 503 without the store, got no answer: {error}") from error


@rule("STICKY-9", "PUBSUB-6")
@pytest.mark.parametrize("how", ["cut", "stall"])
def test_members_keep_talking_while_the_store_is_away(site_on_dynamodb: Site, how: str) -> None:
    site = site_on_dynamodb
    patience = site.scaled(STORE_AWAY_ANSWER_S)
    store, http = site.topology.store, site.stage.scene.http
    assert store is not None
    assert not site.unheard(*site.people)

    with BackgroundTalk(*site.people):
        {"cut": store.cut, "stall": store.stall}[how]()
        with ThreadPoolExecutor() as asking:
            asked = [
                asking.submit(http.request, "POST", path, body, source=source, within=patience)
                for source in (site.here, site.there)
                for path, body in (
                    (f"{site.room.path}/participants", NEW_USERS),
                    *[("/api/chats", NEW_ROOM)] * REQUESTS_AT_ONCE,
                )
            ]
            while wait(asked, PAUSE_BETWEEN_TALKS).not_done:
                assert not site.unheard(*site.people)
            attempt = asking.submit(site.room.attempt, "guest-0", source=site.here, within=patience)
            while wait([attempt], PAUSE_BETWEEN_TALKS).not_done:
                assert not site.unheard(*site.people)
        for answer in map(answer_of, asked):
            assert (answer.status, says_why(answer)) == (503, True), (
                f"expected 503 and a sentence without the store, got {answer}"
            )
        refused = attempt.result()
        assert not isinstance(refused, Refusal) or refused.status == 503, (
            f"expected 503 or no refusal without the store, got {refused}"
        )
        store.mend()
        assert site.makes_rooms(within=STORE_HEALED_S), (
            "expected rooms to be made after the store is back, got refusals"
        )
        guest = site.comes_back("guest-1", site.there, within=STORE_HEALED_S)
        assert not site.unheard(*site.people, guest)

    assert not site.cut_off(*site.people)
