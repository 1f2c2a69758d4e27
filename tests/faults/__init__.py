"""The suite proves itself: servers with one planted fault each, servers that do nothing, and the kill matrix."""
