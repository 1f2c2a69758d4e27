"""Fixed rooms whose members talk at their own pace, whatever the server does.

locust -f locustfiles/steady.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser


class Steady(RoomUser):
    """Stays in its room and talks."""

    @task
    def talk(self) -> None:
        self.keep_talking()
