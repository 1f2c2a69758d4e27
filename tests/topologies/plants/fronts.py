"""Faults of the front."""

import re
from functools import partial

from tests.topologies.fault import front_fault

KEEPS = ("test_sticky.py", "-k", "keeps_its_instance")
SPREADS = ("test_sticky.py", "-k", "many_clients")
DIES = ("test_faults.py", "-k", "dies")
RETURNS = ("test_faults.py", "-k", "back_is_used and kill")
RELOADS = ("test_faults.py", "-k", "reload")

cookie_fault = partial(front_fault, found_by=KEEPS, affinity="cookie")
"""Registers a fault of a front that goes by a cookie."""


@front_fault("round robin", topology="sticky", breaks="STICKY-1", found_by=("test_sticky.py",))
@front_fault("round robin before a bus", topology="pubsub", breaks="PUBSUB-1", found_by=("test_sticky.py",))
def round_robin(text: str) -> str:
    """The front hands each connection to the next instance, whatever its address."""
    return text.replace("ip_hash;", "")


@front_fault("one instance only", topology="sticky", breaks="STICKY-2", found_by=("test_sticky.py",))
@front_fault("one instance only before a bus", topology="pubsub", breaks="PUBSUB-1", found_by=("test_sticky.py",))
def one_instance(text: str) -> str:
    """The front knows two instances and uses one."""
    return re.sub(r"(server [^\n]*\nserver [^\n;]*);", r"\1 down;", text)


@front_fault("clients not told apart", topology="sticky", breaks="STICKY-2", found_by=("test_sticky.py",))
def clients_not_told_apart(text: str) -> str:
    """All clients have one address at the front, as behind a proxy it does not trust."""
    return text.replace("ip_hash;", 'hash "the bridge";')


@cookie_fault("the cookie ignored", topology="sticky", breaks="STICKY-1")
@cookie_fault("the cookie ignored before a bus", topology="pubsub", breaks="PUBSUB-1")
def the_cookie_ignored(text: str) -> str:
    """The front sets a cookie, and then hands each request to the next instance."""
    return text.replace("hash $route consistent;", "")


@cookie_fault("a client moved", topology="sticky", breaks="STICKY-1")
@cookie_fault("a client moved before a bus", topology="pubsub", breaks="PUBSUB-1")
def a_client_moved(text: str) -> str:
    """Each answer sets a new cookie, which can stand for another instance."""
    head, new_route, rest = text.partition("$new_route {")
    return head + new_route + rest.replace("default '';", 'default "route=$request_id";', 1)


@cookie_fault("handshakes without the cookie", topology="sticky", breaks="STICKY-1")
def handshakes_without_the_cookie(text: str) -> str:
    """The front goes by the cookie over HTTP, and not in handshakes."""
    return text.replace(
        "map $cookie_route $route {", 'map "$http_upgrade$cookie_route" $route {\n~^websocket $request_id;'
    )


@front_fault("the header ignored", topology="sticky", breaks="STICKY-2", found_by=SPREADS, affinity="header")
def the_header_ignored(text: str) -> str:
    """The front goes by something that all clients share, and not by their header."""
    return text.replace("hash $http_x_client", 'hash "all"')


@front_fault("the dead are asked", topology="sticky", breaks="STICKY-5", found_by=DIES)
@front_fault("the dead are asked before a bus", topology="pubsub", breaks="PUBSUB-6", found_by=DIES)
def the_dead_are_asked(text: str) -> str:
    """The front goes on handing clients to an instance that is dead."""
    return text.replace("proxy_next_upstream error timeout;", "proxy_next_upstream off;").replace(
        "max_fails=3", "max_fails=0"
    )


@front_fault("the returned are forgotten", topology="sticky", breaks="STICKY-6", found_by=RETURNS)
@front_fault("the returned are forgotten before a bus", topology="pubsub", breaks="PUBSUB-6", found_by=RETURNS)
@cookie_fault("the returned get no new clients", topology="sticky", breaks="STICKY-6", found_by=RETURNS)
def the_returned_are_forgotten(text: str) -> str:
    """An instance that could not be reached once is left out for ten minutes."""
    return text.replace("max_fails=3 fail_timeout=5s", "max_fails=1 fail_timeout=10m")


@front_fault("a reload cuts off", topology="sticky", breaks="STICKY-8", found_by=RELOADS)
@front_fault("a reload cuts off before a bus", topology="pubsub", breaks="PUBSUB-6", found_by=RELOADS)
def a_reload_cuts_off(text: str) -> str:
    """Reloading the front ends the connections that it carries."""
    return text.replace("worker_processes auto;", "worker_processes auto;\nworker_shutdown_timeout 1ms;")
