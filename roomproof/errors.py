"""The error of a user's request that cannot be carried out. Pure."""


class UsageError(Exception):
    """A wrong request of the user; the message says what was expected and what came."""
