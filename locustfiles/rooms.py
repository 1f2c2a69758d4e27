"""Small rooms become empty and are entered again, at one time.

Two users share a room. They enter it together while it is empty. Later the last one leaves while the other one enters.
Whoever is there must receive what the other one says.

locust -f locustfiles/rooms.py --host http://localhost:8000
"""

from roomproof.load.pairs import Pair

__all__ = ["Pair"]
