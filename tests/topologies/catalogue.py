"""All faults that are planted in topologies."""

from tests.topologies.fault import TOPOLOGY_FAULTS
from tests.topologies.plants import fronts, instances

__all__ = ["TOPOLOGY_FAULTS"]

FAMILIES = (fronts, instances)
"""Importing them has registered their faults."""
