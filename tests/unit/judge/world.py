"""Simulated servers that keep the promises A1 to A9: worlds without a fault.

This is a model of servers, not of the oracle:

- Connections are members from one instant to another (A1).
- Each stream is broadcast item by item on each instance (A2, A4).
- Outboxes are queues (A3).
- The join notice follows the membership (A5).
- The server handles the frames of a member in order (A6).
- The stream of a sender that died or was given up is cut at one item, for everyone (A7).

Time is in whole milliseconds, so that many things happen at the same time.
"""

import heapq
import json
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from random import Random

from roomproof.history import Closed, Deadline, Event, FaultWindow, Opened, Received, Started
from roomproof.spec.rules import Capability, Need
from tests.unit.judge.shape import Fanning, Shape, SimulatedTopology, Stamping
from tests.unit.judge.simulated_connection import Item, SimulatedConnection
from tests.unit.judge.tale import EPOCH, MILLISECOND, stamp


class World:
    """The server's side of a run, and its clock. People (people.py) are its clients."""

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        self.random = Random(shape.seed)
        self.now = 0
        self.connections: list[SimulatedConnection] = []
        self.events: list[Event] = []
        self.deleted: set[str] = set()
        self.outage: FaultWindow | None = None
        self._agenda: list[tuple[int, float, int, Callable[[], None]]] = []
        self._free_at: dict[object, int] = {}
        """When the last thing that was put on some channel arrives: nothing overtakes it."""
        self._past: dict[tuple[str, str], list[Item]] = {}
        """By instance and room: the messages whose recipients are settled, for whoever comes."""
        self._streams: dict[tuple[str, SimulatedConnection], deque[Item]] = {}
        self._buses: dict[str, deque[Item]] = {}
        self._lanes: dict[tuple[SimulatedConnection, SimulatedConnection], deque[Item]] = {}
        self._healthy_again: dict[tuple[str, str], int] = {}
        single = shape.topology is SimulatedTopology.SINGLE
        self.instances = ["one"] if single else ["one", "two", "three"][: self.random.randint(2, 3)]
        self.clocks = {instance: self.random.randint(-3_000, 3_000) for instance in self.instances}
        """By how much those of instances are ahead."""
        self.local_by_bus = self.random.random() < 0.5
        capabilities = [str(one) for one in shape.topology.value if one != "outage"]
        ordered = not shape.topology.value or Capability.STICKY in shape.topology.value or self.local_by_bus
        if ordered and shape.fanning is Fanning.SNAPSHOT:
            capabilities.append(Capability.TOTAL_ORDER)
        if shape.history:
            capabilities.append(Capability.HISTORY)
        self.has_notices = Need.NOTICES not in shape.without or self.random.random() < 0.5
        """Whether there are notices: they may also be there, and not be understood."""
        self.record(Started(epoch=EPOCH, capabilities=capabilities, without=sorted(shape.without)))

    @property
    def at(self) -> int:
        """The time of the history, in nanoseconds."""
        return self.now * MILLISECOND

    def record(self, event: Event) -> None:
        """Put an event into the history."""
        self.events.append(event)

    def later(self, act: Callable[[], None], delay: int | None = None, channel: object = None) -> None:
        """Do something after a delay, and after everything on its channel.

        `delay` is in milliseconds; None means a random delay.
        """
        at = self.now + (self.random.randint(0, self.shape.slack) if delay is None else delay)
        if channel is not None:
            at = self._free_at[channel] = max(at, self._free_at.get(channel, 0))
        # What happens at the same time happens in any order; the acts on one channel take what is next in its queue.
        heapq.heappush(self._agenda, (at, self.random.random(), len(self._agenda), act))

    def run(self) -> list[Event]:
        """Let everything happen; the history up to the deadline is returned."""
        while self._agenda:
            self.now, _, _, act = heapq.heappop(self._agenda)
            act()
        self.now += 1
        self.record(Deadline(self.at))
        return self.events

    # What the network carries.

    def send_up(self, connection: SimulatedConnection, act: Callable[[], None]) -> None:
        """The client does something that the server gets to know after a while, in order."""
        connection.upward.append(act)
        self.later(lambda: self._read(connection), channel=("up", connection))

    def _read(self, connection: SimulatedConnection) -> None:
        if connection.upward:
            connection.waiting.append(connection.upward.popleft())
            if connection.member:
                self._deal_with(connection)

    def _deal_with(self, connection: SimulatedConnection) -> None:
        while connection.waiting and not connection.over:
            connection.waiting.popleft()()

    def _send_down(self, connection: SimulatedConnection, event: Event) -> None:
        connection.downward.append(event)
        self.later(lambda: self.deliver(connection), channel=("down", connection))

    def deliver(self, connection: SimulatedConnection) -> None:
        """The client receives what comes next, if it reads."""
        if not connection.downward or connection.gone or not connection.reads:
            return
        match connection.downward.popleft():
            case Received(number, _, text):
                self.record(Received(number, self.at, text))
            case Opened(number, _, instance):
                connection.opened = True
                self.record(Opened(number, self.at, instance))
            case Closed(number, _, code):
                connection.gone = True
                self.record(Closed(number, self.at, code))

    # What the server does.

    def accept(self, connection: SimulatedConnection) -> None:
        """Answer the handshake; the membership begins before or after the answer arrives."""
        is_named = self.shape.names_instances and len(self.instances) > 1
        self._send_down(connection, Opened(connection.number, 0, connection.instance if is_named else None))
        connection.told_of_the_past = not self.shape.history or self.random.random() < 0.5
        if connection.told_of_the_past:
            self._tell_of_the_past(connection)
        self.later(lambda: self._begin(connection))

    def _begin(self, connection: SimulatedConnection) -> None:
        if connection.room in self.deleted:
            connection.over = True
            self._send_down(connection, Closed(connection.number, 0, 4004))
            return
        if connection.gone and self.random.random() < 0.5:
            connection.over = True  # its link died before the server came to take it in
            return
        if not connection.told_of_the_past:
            self._tell_of_the_past(connection)
        connection.member = True
        self.tell(connection, {"type": "system", "content": f"{connection.user} joined the chat"})
        self._deal_with(connection)

    def _tell_of_the_past(self, connection: SimulatedConnection) -> None:
        """Send all or some of the earlier messages to a newcomer only."""
        past = self._past.get((connection.instance, connection.room), []) if self.shape.history else []
        for item in past[-self.random.choice([1, 3, 1_000]) :]:
            if self.random.random() < 0.9:
                self._send_item_down(connection, item)

    def answer(self, connection: SimulatedConnection, fields: dict[str, str]) -> None:
        """Send a direct frame."""
        if not connection.over:
            self._send_down(
                connection, Received(connection.number, 0, json.dumps({**fields, "timestamp": stamp(self.at)}))
            )

    def tell(self, sender: SimulatedConnection, fields: dict[str, str]) -> None:
        """Broadcast one item of a stream, after those before it."""
        item = Item(sender, {**fields, "chat_id": sender.room}, sender.told)
        item = self._stamped(item, sender.instance)
        sender.told += 1
        if fields["type"] == "system" and not self.has_notices:
            return
        if Capability.PUBSUB not in self.shape.topology.value:
            self._arrive(sender.instance, item)
            return
        if not self.local_by_bus:
            self._arrive(sender.instance, item)
        if self._is_broken("publishing", sender.instance):
            return
        for instance in self.instances:
            if self.local_by_bus or instance != sender.instance:
                self._buses.setdefault(instance, deque()).append(item)
                self.later(partial(self._subscribe, instance), channel=("bus", instance))

    def _subscribe(self, instance: str) -> None:
        item = self._buses[instance].popleft()
        if not self._is_broken("subscribing", instance):
            self._arrive(instance, item)

    def _is_broken(self, side: str, instance: str) -> bool:
        outage = self.outage
        if outage is None or self.at < outage.at:
            return False
        if (side, instance) not in self._healthy_again:
            heals = self.random.randint(outage.until, outage.until + outage.heal)
            self._healthy_again[side, instance] = heals
        return self.at < self._healthy_again[side, instance]

    def _stamped(self, item: Item, instance: str) -> Item:
        if Need.TIMESTAMPS in self.shape.without:
            return item
        moment = stamp(self.at + self.clocks[instance] * MILLISECOND)
        return replace(item, fields={**item.fields, "timestamp": moment})

    def _arrive(self, instance: str, item: Item) -> None:
        if self.shape.stamping is Stamping.INSTANCE:
            item = self._stamped(item, instance)
        queue = self._streams.setdefault((instance, item.sender), deque())
        queue.append(item)
        if len(queue) == 1:
            self._fan_out(instance, queue)

    def _present(self, instance: str, item: Item) -> list[SimulatedConnection]:
        is_message = item.fields["type"] == "message"
        own = Need.ECHO not in self.shape.without if is_message else self.shape.own_notices or item.number > 0
        room = item.sender.room
        there = [one for one in self.connections if one.member and one.instance == instance and one.room == room]
        return [one for one in there if own or one is not item.sender]

    def _fan_out(self, instance: str, queue: deque[Item]) -> None:
        while queue:
            item = queue[0]
            recipients = self._present(instance, item)
            if self.shape.fanning is Fanning.WALK:
                self.random.shuffle(recipients)
                self._walk(instance, queue, recipients, {*recipients})
                return
            for receiver in recipients:
                if self.shape.fanning is Fanning.SNAPSHOT:
                    self._hand(receiver, item)
                else:
                    self._lanes.setdefault((item.sender, receiver), deque()).append(item)
                    lane = ("lane", item.sender, receiver)
                    self.later(partial(self._take, item.sender, receiver), channel=lane)
            self._settle(instance, queue)

    def _take(self, sender: SimulatedConnection, receiver: SimulatedConnection) -> None:
        self._hand(receiver, self._lanes[sender, receiver].popleft())

    def _walk(
        self, instance: str, queue: deque[Item], rest: list[SimulatedConnection], asked: set[SimulatedConnection]
    ) -> None:
        if rest:
            self._hand(rest.pop(), queue[0])
            self.later(lambda: self._walk(instance, queue, rest, asked))
            return
        for receiver in self._present(instance, queue[0]):
            if receiver not in asked and self.random.random() < 0.5:
                self._hand(receiver, queue[0])
        self._settle(instance, queue)
        self._fan_out(instance, queue)

    def _hand(self, receiver: SimulatedConnection, item: Item) -> None:
        if receiver.member:
            self._send_item_down(receiver, item)

    def _send_item_down(self, receiver: SimulatedConnection, item: Item) -> None:
        if self.shape.stamping is Stamping.DELIVERY:
            item = self._stamped(item, receiver.instance)
        extra = {"to": str(receiver.number)} if self.shape.own_bytes else {}
        self._send_down(receiver, Received(receiver.number, 0, json.dumps({**item.fields, **extra})))

    def _settle(self, instance: str, queue: deque[Item]) -> None:
        """Nobody new gets the first item of a queue any more."""
        item = queue.popleft()
        if item.fields["type"] == "message":
            self._past.setdefault((instance, item.sender.room), []).append(item)

    def end(self, connection: SimulatedConnection, code: int | None, *, announced: bool = True) -> None:
        """End a connection, and its membership.

        With a code, frames that the client has not received can be lost.
        """
        if connection.over:
            return
        was_member, connection.member, connection.over = connection.member, False, True
        if code is not None:
            for _ in range(self.random.choice([0, 0, 1, 2, len(connection.downward)])):
                if connection.downward and isinstance(connection.downward[-1], Received):
                    connection.downward.pop()
            self._send_down(connection, Closed(connection.number, 0, code))
        if was_member and announced:
            self.tell(connection, {"type": "system", "content": f"{connection.user} left the chat"})
