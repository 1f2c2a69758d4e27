"""All faults that are planted in topologies."""

from tests.topologies.fault import TOPOLOGY_FAULTS
from tests.topologies.plants import bus, fronts, instances, outages, store

__all__ = ["TOPOLOGY_FAULTS"]

FAMILIES = (fronts, instances, bus, outages, store)
"""The modules whose import registers the faults."""
