"""Pairs of users whose rooms become empty and are entered again, at one time."""

from locust import task

from roomproof.load.user import RoomUser

TURN_S = 1.0
"""Seconds from one time at which a room is entered together to the next."""


class Pair(RoomUser):
    """Enters, talks and leaves by turns with another user.

    Two share a room. They enter it together while it is empty. Later the last one leaves while the other one enters.
    Whoever is there must receive what the other one says.
    """

    party_size = 2
    messages_per_second = 50

    @task
    def visit(self) -> None:
        self.leave()
        turn = self.wait_for_turn(TURN_S)
        self.enter_together()
        self.talk_until(0.3 * TURN_S)
        if (self.place + turn) % 2:
            self.leave_last(turn)
        else:
            self.enter_as_the_last_one_leaves()
        self.talk_until(0.95 * TURN_S)

    def enter_together(self) -> None:
        """Both look for the room at nearly the same time, and neither finds it."""
        self.rest_up_to(0.3 * self.handshake_s)
        self.join()
        self.say()
        self.rest_until(0.1 * TURN_S)

    def leave_last(self, turn: int) -> None:
        """Leave a moment before or within the other one's handshake, and come back."""
        self.rest_until(0.5 * TURN_S - self.handshake_s)
        self.rest_up_to(1.5 * self.handshake_s)
        if turn % 4 < 2:
            self.leave()
        else:
            self.die("fin")
        self.rest_until(0.65 * TURN_S)
        self.join()
        self.say()
        self.rest_until(0.75 * TURN_S)

    def enter_as_the_last_one_leaves(self) -> None:
        """Leave, and come back while the other one leaves."""
        self.rest_until(0.35 * TURN_S)
        self.leave()
        self.rest_until(0.5 * TURN_S)
        self.join()
        self.say()
        self.rest_until(0.75 * TURN_S)

    def talk_until(self, seconds: float) -> None:
        """Send a message once both are members; stay for good if anything is missing.

        Nobody leaves before both have looked: what those who have left did not receive is not judged.
        """
        self.say()
        self.rest_until(seconds - 0.1 * TURN_S)
        while not self.hear_out():
            self.rest(self.deadline)
        self.rest_until(seconds)
