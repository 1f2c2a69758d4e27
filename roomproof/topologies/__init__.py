"""Topologies that Roomproof can start: one or several reference servers."""
