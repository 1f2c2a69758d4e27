"""What a request meets when a part that it needs is away."""


class Unavailable(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """A part that several instances share cannot be reached. The message is the sentence for whoever asked; the answer
    is 503 (STICKY-9, PUBSUB-7)."""
