"""One member in ten stops reading for a while, again and again; the others must not notice.

Unless asked for something else they say much and long things: what is not read has to become more than sockets hold.

locust -f locustfiles/slow_reader.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser, suggest

SECONDS_UNTIL_FULL = 20.0

suggest(rate="20", message_bytes="4000")


class Attentive(RoomUser):
    """Talks and reads."""

    weight = 9

    @task
    def talk(self) -> None:
        self.keep_talking()


class Slow(RoomUser):
    """Talks, and now and then does not read for so long that whoever waits for it is late."""

    @task(3)
    def talk(self) -> None:
        self.say()

    @task
    def dream(self) -> None:
        self.stop_reading()
        self.rest(SECONDS_UNTIL_FULL + 2 * self.deadline)
        self.read_on()
        self.hear_out()
