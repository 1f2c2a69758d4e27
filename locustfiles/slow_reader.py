"""One member in ten stops reading for a while, again and again; the others must not notice.

locust -f locustfiles/slow_reader.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser

SECONDS_WITHOUT_READING = 5


class Attentive(RoomUser):
    """Talks and reads."""

    weight = 9

    @task
    def talk(self) -> None:
        self.keep_talking()


class Slow(RoomUser):
    """Talks, and now and then does not read."""

    @task(3)
    def talk(self) -> None:
        self.say()

    @task
    def dream(self) -> None:
        self.stop_reading()
        self.rest(SECONDS_WITHOUT_READING)
        self.read_on()
