"""Members come and go while others talk.

Before a member leaves, it receives all that was sent so far, and sends a last message. A part of the users are pairs,
whose rooms become empty and are entered again.

locust -f locustfiles/churn.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.pairs import Pair
from roomproof.load.user import RoomUser

__all__ = ["Churn", "Pair"]


SHARE = 4
"""Number of users that come and go in full rooms, for each one in a pair."""


class Churn(RoomUser):
    """Talks, and now and then leaves and comes back as another user."""

    weight = SHARE

    @task(10)
    def talk(self) -> None:
        self.say()

    @task(2)
    def move(self) -> None:
        if self.hear_out():
            self.say()
            self.leave()
            self.join()

    @task(1)
    def lose_the_link(self) -> None:
        if self.hear_out():
            self.say()
            self.die("rst")
            self.join()
