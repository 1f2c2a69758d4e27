"""Finds the instances of a server that does not name them in its handshakes."""

from dataclasses import replace

from roomproof.client.http import Http, UnreachableError
from roomproof.client.target import Target
from roomproof.client.tcp import LocalTroubleError
from roomproof.spec.rules import Need
from roomproof.stage.clients import UnexpectedFrontError, observe


def with_instances(target: Target, http: Http) -> Target:
    """Return the target with the instance that each client reaches.

    A target that declares no topology or has no statistics stays as it is, and so does one that does not answer. Raises
    UnexpectedFrontError where the front does not do what the target file says.
    """
    if not target.has_instances or target.lacks(Need.STATISTICS):
        return target
    try:
        return replace(target, instances=observe(target, http))
    except UnexpectedFrontError:
        raise
    except (UnreachableError, LocalTroubleError):
        return target
