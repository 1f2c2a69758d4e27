"""The largest load that meets the objectives and loses nothing.

The users are doubled until a load is bad; then the search bisects.

locust -f locustfiles/capacity.py --host http://localhost:8000 --slo 'deliver.p99<100ms'
"""

from locust import task

from roomproof.load import capacity_search
from roomproof.load.user import RoomUser

__all__ = ["Capacity", "capacity_search"]


class Capacity(RoomUser):
    """Stays in its room and talks, while more and more rooms are made."""

    @task
    def talk(self) -> None:
        self.keep_talking()
