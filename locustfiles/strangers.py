"""Members talk in their rooms while strangers come and go in others.

What happens in one room must not touch what is said in another.

locust -f locustfiles/strangers.py --host http://localhost:8000
"""

from locust import task

from roomproof.load.user import RoomUser, suggest

STAY_S = 0.2
"""Longest time in seconds for which a stranger stays, or stays away."""

suggest(rate="10")


class Talker(RoomUser):
    """Stays in a room that no stranger enters, and talks."""

    party_size = 5

    @task
    def talk(self) -> None:
        self.keep_talking()


class Stranger(RoomUser):
    """Comes and goes, and says nothing."""

    party_size = 2

    @task
    def come_and_go(self) -> None:
        self.rest_up_to(STAY_S)
        if self.place:
            self.die("rst")
        else:
            self.leave()
        self.rest_up_to(STAY_S)
        self.join()
