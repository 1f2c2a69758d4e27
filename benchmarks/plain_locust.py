"""The same load in plain Locust with websocket-client.

A greenlet reads each socket, and fires an event for each delivery.
"""

import json
import os
import time

import gevent
import websocket
from locust import User, task

from roomproof.load.transport.schedule import phase

ROOMS, MEMBERS, RATE, BYTES, _ = map(int, os.environ["SHAPE"].split(","))
CHATS = os.environ["CHATS"].split(",")
users = iter(range(ROOMS * MEMBERS))


class Plain(User):
    """A member of a room."""

    def on_start(self) -> None:
        number = next(users)
        url = f"{str(self.host).replace('http', 'ws')}/api/chats/ws/{CHATS[number // MEMBERS]}?user_id=u{number}"
        self.socket = websocket.create_connection(url, skip_utf8_validation=True)
        gevent.spawn(self.read)
        gevent.sleep(phase(number, 0) / RATE)

    def wait_time(self) -> float:
        return 1 / RATE

    def read(self) -> None:
        while True:
            self.socket.recv()
            self.environment.events.request.fire(
                request_type="WS", name="deliver", response_time=0, response_length=0, exception=None, context={}
            )

    @task
    def say(self) -> None:
        self.socket.send(json.dumps({"type": "message", "content": f"{time.time()}".ljust(BYTES, "x")}))
