"""All planted faults."""

from tests.faults.fault import FAULTS
from tests.faults.plants import (
    close,
    content,
    delivery,
    devices,
    elsewhere,
    frames,
    history,
    http,
    identity,
    isolation,
    links,
    membership,
    order,
    refusal,
    rooms,
    stats,
    system,
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
    stats,
    frames,
    devices,
    elsewhere,
    links,
    close,
    http,
    rooms,
)
"""Importing them has registered their faults."""
