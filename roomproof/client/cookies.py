"""The cookies by which a front tells clients apart."""


class AffinityCookies:
    """The cookie that a front has set for each client, as a browser keeps it.

    Several threads can use it: each method is one operation of a dictionary.
    """

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def of(self, client: str) -> str | None:
        """The cookie of a client; None if it has none."""
        return self._values.get(client)

    def keep(self, client: str, value: str | None) -> None:
        """Keep a new value for a client.

        An empty one removes the cookie, None changes nothing.
        """
        if value:
            self._values[client] = value
        elif value is not None:
            self._values.pop(client, None)

    def forget(self, client: str) -> None:
        """Let a client begin anew, without a cookie."""
        self._values.pop(client, None)
