"""The reference chat server: PROTOCOL.md kept on Quart and Hypercorn. Start it with ``python -m reference_server``."""
