"""A conformance suite and verifying load generator for WebSocket chat servers.

PYTEST_DONT_REWRITE: the command imports this package before pytest, which would warn about that.
"""
