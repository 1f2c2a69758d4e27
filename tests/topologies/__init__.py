"""Topologies: that they start, break and end as they should, and the faults that may be planted in them."""
