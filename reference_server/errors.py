"""The error for requests that need a part which cannot be reached."""


class Unavailable(Exception):  # noqa: N818 - it says what is wrong without a suffix
    """A part that several instances share cannot be reached.

    The message is the sentence for the client; the answer has status 503 (STICKY-9, PUBSUB-7).
    """
