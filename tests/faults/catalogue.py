"""All planted faults."""

from tests.faults.fault import FAULTS
from tests.faults.plants import (
    close,
    content,
    delivery,
    departures,
    devices,
    elsewhere,
    frames,
    history,
    http,
    identity,
    isolation,
    limits,
    links,
    membership,
    order,
    participants,
    races,
    refusal,
    rooms,
    stats,
    system,
    tokens,
)
from tests.faults.plants import time as timestamps

__all__ = ["FAULTS"]

FAMILIES = (
    refusal,
    delivery,
    membership,
    history,
    order,
    isolation,
    content,
    identity,
    timestamps,
    system,
    departures,
    limits,
    stats,
    frames,
    devices,
    elsewhere,
    links,
    close,
    http,
    participants,
    tokens,
    races,
    rooms,
)
"""The families of faults, in the order of SUITE.md. Importing a family registers its faults."""
