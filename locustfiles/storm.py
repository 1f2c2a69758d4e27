"""All members lose their links, reconnect at once and talk, again and again.

When they reconnect, all rooms are empty.

locust -f locustfiles/storm.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser

SECONDS_BETWEEN_STORMS = 10

SECONDS_OF_SILENCE = 1.5
"""Seconds from the beginning of a storm until all reconnect; by then they have lost their links."""


class Storm(RoomUser):
    """Talks until the next storm resets its connection; comes back with all others."""

    @task
    def talk(self) -> None:
        if self.is_time_for_all(SECONDS_BETWEEN_STORMS):
            self.die("rst")
            self.rest_until(SECONDS_OF_SILENCE)
            self.join()
        self.say()
