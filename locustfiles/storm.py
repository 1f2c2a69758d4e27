"""All members reconnect at once, again and again, and talk in between.

locust -f locustfiles/storm.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser

SECONDS_BETWEEN_STORMS = 10


class Storm(RoomUser):
    """Talks until the next storm resets its connection."""

    @task
    def talk(self) -> None:
        if self.is_time_for_all(SECONDS_BETWEEN_STORMS):
            self.die("rst")
            self.join()
        self.say()
