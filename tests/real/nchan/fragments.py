"""Sends one message in two fragments through nchan, with the library websockets."""

import sys

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect


def main(url: str) -> None:
    """Print what two subscribers of a channel receive of one message."""
    with connect(f"{url}/pubsub/kitchen") as bob, connect(f"{url}/pubsub/kitchen") as alice:
        alice.send("hello")
        print("whole:", alice.recv(5), "|", bob.recv(5))
        alice.send(iter(["good ", "day"]))  # an iterator is sent in fragments
        print("in fragments:", repr(alice.recv(5)), "|", repr(bob.recv(5)))
        try:
            alice.recv(5)
        except ConnectionClosed as closed:
            print("the sender is closed:", closed)


if __name__ == "__main__":
    main(sys.argv[1])
