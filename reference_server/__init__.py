"""The reference chat server: PROTOCOL.md on Quart and Hypercorn.

Start it with ``python -m reference_server``.
"""
