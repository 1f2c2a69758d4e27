"""Action Cable, the channels of Ruby on Rails.

Source: the description of its protocol in the documentation of AnyCable. `identifier`, and the `data` that a client
sends, are JSON in a string of JSON. In values they are tables, so that nobody has to escape them.
"""

from collections.abc import Mapping

from roomproof.dialects.codecs.codec import FrameError
from roomproof.dialects.codecs.json_text import encode_json, read_json, text_of

_NESTED = ("identifier", "data")


class ActionCableCodec:
    """Frames tables as Action Cable does.

    `identifier` and `data` become strings of JSON. The keys of an identifier keep their order: servers compare it as a
    string.
    """

    tables: Mapping[str, object] = {
        "connect": {"path": "/cable", "subprotocol": "actioncable-v1-json"},
        "opening": [{"expect": {"type": "welcome"}, "refused": {"type": "disconnect"}}],
        "hear": [
            {"when": {"type": "ping"}, "ignore": True},
            {"when": {"type": "confirm_subscription"}, "ignore": True},
            {"when": {"type": "reject_subscription"}, "ignore": True},
            {"when": {"type": "disconnect"}, "ignore": True},
        ],
    }

    def check(self, value: object) -> None:
        """Raise FrameError for anything but a table."""
        if not isinstance(value, dict):
            raise FrameError("expected a table")

    def encode(self, value: object) -> str:
        """Return the table as JSON. Raises FrameError for anything else."""
        self.check(value)
        fields = value if isinstance(value, dict) else {}
        nested = {key: encode_json(fields[key]) for key in _NESTED if isinstance(fields.get(key), dict)}
        return encode_json({**fields, **nested})

    def decode(self, frame: str | bytes) -> object:
        """Return the table. Raises FrameError for anything else."""
        value = read_json(text_of(frame))
        if not isinstance(value, dict):
            raise FrameError("expected a JSON object")
        return {key: _opened(one) if key in _NESTED else one for key, one in value.items()}


def _opened(value: object) -> object:
    """Return the value of a string of JSON; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return read_json(value)
    except FrameError:
        return value
