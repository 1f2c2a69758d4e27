"""All planted faults."""

from tests.faults.fault import FAULTS
from tests.faults.plants import (
    close,
    content,
    delivery,
    frames,
    http,
    identity,
    isolation,
    order,
    refusal,
    stats,
    system,
)
from tests.faults.plants import time as timestamps

__all__ = ["FAULTS"]

FAMILIES = (refusal, delivery, order, isolation, content, identity, timestamps, system, stats, frames, close, http)
"""Importing them has registered their faults."""
