"""The clients of a simulated world.

They come, talk, stop reading, close, die and are closed, at random."""

from functools import partial

from roomproof.history import Closing, Deleting, Dying, Event, FaultWindow, Opening, Reading, Refused, Sent
from roomproof.judge.streaming.message_id import with_id
from roomproof.spec import messages
from roomproof.spec.rules import Need
from tests.unit.judge.shape import Shape, SimulatedTopology
from tests.unit.judge.simulated_connection import SimulatedConnection
from tests.unit.judge.tale import MILLISECOND
from tests.unit.judge.world import World

ROOMS = ("kitchen", "garage")

WEIGHTS = {
    "come": 8,
    "say": 60,
    "ping": 2,
    "mumble": 2,
    "leave": 3,
    "die": 3,
    "stop_reading": 1,
    "read_again": 2,
    "be_given_up": 2,
    "be_sent_away": 2,
    "be_refused": 1,
    "give_up_waiting": 1,
}


def live(shape: Shape) -> list[Event]:
    """The history of one world in which every server keeps its promises."""
    world = World(shape)
    People(world)
    return world.run()


class People:
    """The clients of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.random
        shape = world.shape
        acts = ["come"] * self.random.randint(1, shape.people)
        acts += self.random.choices([*WEIGHTS], [*WEIGHTS.values()], k=shape.talk)
        if self.random.random() < 0.1:
            acts.insert(self.random.randint(len(acts) // 2, len(acts)), "delete")
        at = 0
        for act in acts:
            world.later(partial(self._act, act), at)
            at += self.random.randint(0, shape.slack)
        if shape.topology is SimulatedTopology.OUTAGE:
            begin, end = sorted((self.random.randint(0, at), self.random.randint(0, at)))
            heal = self.random.randint(0, 10)
            world.outage = FaultWindow(begin * MILLISECOND, end * MILLISECOND, heal * MILLISECOND, "no bus")
            world.later(self._record_outage, end)

    def _record_outage(self) -> None:
        if self.world.outage is not None:
            self.world.record(self.world.outage)

    def _act(self, act: str) -> None:
        match act:
            case "come":
                self._come()
            case "be_refused":
                connection = self._new_connection()
                self.world.later(lambda: self.world.record(Refused(connection.number, self.world.at, 403, "")))
            case "give_up_waiting":
                self._give_up_waiting()
            case "delete":
                self._delete()
            case _:
                able = [connection for connection in self.world.connections if connection.speaks]
                if able:
                    getattr(self, f"_{act}")(self.random.choice(able))

    def _new_connection(self) -> SimulatedConnection:
        world = self.world
        number = sum(isinstance(event, Opening) for event in world.events) + 1
        users = [connection.user for connection in world.connections]
        again = world.shape.devices and users and self.random.random() < 0.4
        user = self.random.choice(users) if again else f"user{number}"
        connection = SimulatedConnection(
            number, user, self.random.choices(ROOMS, (4, 1))[0], self.random.choice(world.instances)
        )
        world.record(Opening(number, world.at, connection.room, user))
        return connection

    def _come(self) -> None:
        connection = self._new_connection()
        self.world.connections.append(connection)
        self.world.later(lambda: self.world.accept(connection))

    def _give_up_waiting(self) -> None:
        """The server takes a client in that never learns of it."""
        connection = self._new_connection()
        connection.gone = True
        self.world.connections.append(connection)
        self.world.later(lambda: self.world.accept(connection))
        self.world.send_up(connection, lambda: self.world.end(connection, None))
        self.world.later(lambda: self.world.record(Refused(connection.number, self.world.at, None, "timeout")))

    def _say(self, connection: SimulatedConnection) -> None:
        connection.said += 1
        content = with_id(connection.room, connection.number, connection.said, "soup is ready")
        self.world.record(Sent(connection.number, self.world.at, messages.message(content)))
        fields = {"type": "message", "content": content, "sender_id": connection.user}
        if Need.SENDER in self.world.shape.without:
            del fields["sender_id"]
        self.world.send_up(connection, lambda: self.world.tell(connection, fields))

    def _ping(self, connection: SimulatedConnection) -> None:
        self.world.record(Sent(connection.number, self.world.at, '{"type": "ping"}'))
        self.world.later(lambda: self.world.answer(connection, {"type": "pong"}))

    def _mumble(self, connection: SimulatedConnection) -> None:
        self.world.record(Sent(connection.number, self.world.at, "soup?"))
        self.world.later(lambda: self.world.answer(connection, {"type": "error", "content": "what?"}))

    def _leave(self, connection: SimulatedConnection) -> None:
        if connection.reads:
            connection.closing = True
            self.world.record(Closing(connection.number, self.world.at, 1000))
            self.world.send_up(connection, lambda: self.world.end(connection, 1000))

    def _die(self, connection: SimulatedConnection) -> None:
        if connection.over and connection.reads:
            return  # not in the moment in which the server sends it away: whose end it was could not be told
        how = self.random.choice(["fin", "rst"])
        connection.gone = True
        self.world.record(Dying(connection.number, self.world.at, how))
        if how == "rst":
            for unread in (connection.upward, connection.waiting):
                while unread and self.random.random() < 0.7:
                    unread.pop()
                if unread:
                    break
        self.world.send_up(connection, lambda: self.world.end(connection, None))

    def _stop_reading(self, connection: SimulatedConnection) -> None:
        if connection.reads:
            connection.reads = False
            self.world.record(Reading(connection.number, self.world.at, reads=False))

    def _read_again(self, _: SimulatedConnection) -> None:
        for connection in self.world.connections:
            if connection.speaks and not connection.reads:
                connection.reads = True
                self.world.record(Reading(connection.number, self.world.at, reads=True))
                for _frame in connection.downward:
                    self.world.later(partial(self.world.deliver, connection))

    def _be_given_up(self, _: SimulatedConnection) -> None:
        for connection in self.world.connections:
            if connection.member and not connection.reads:
                self.world.end(connection, 1013)

    def _be_sent_away(self, connection: SimulatedConnection) -> None:
        if connection.member:
            self.world.end(connection, 1001)

    def _delete(self) -> None:
        world = self.world
        world.record(Deleting(world.at, ROOMS[0]))

        def carry_out() -> None:
            world.deleted.add(ROOMS[0])
            for connection in world.connections:
                if connection.member and connection.room == ROOMS[0]:
                    world.end(connection, 4004, announced=False)

        world.later(carry_out)
