"""Every tenth member stops reading now and then; the others must not notice.

By default messages are long and frequent, so that a backlog becomes larger than the buffers of sockets.

locust -f locustfiles/slow_reader.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser, suggest

SECONDS_UNTIL_FULL = 20.0
"""Seconds in which the backlog of a slow reader fills all buffers."""

suggest(rate="20", message_bytes="4000")


class Attentive(RoomUser):
    """Talks and reads."""

    weight = 9

    @task
    def talk(self) -> None:
        self.keep_talking()


class Slow(RoomUser):
    """Talks, and now and then stops reading for longer than a server may wait for it."""

    @task(3)
    def talk(self) -> None:
        self.say()

    @task
    def dream(self) -> None:
        self.stop_reading()
        self.rest(SECONDS_UNTIL_FULL + 2 * self.deadline)
        self.read_on()
        self.hear_out()
