"""A codec, and bare text beside it."""

from functools import lru_cache

from roomproof.dialects.codecs.codec import Codec, FrameError
from roomproof.spec.messages import FRAMES_REMEMBERED


class Wire:
    """Encodes and decodes the values of templates.

    A string is the text of a frame as it stands: services send a bare `ping` beside their JSON.
    """

    def __init__(self, codec: Codec) -> None:
        self.codec = codec
        self.decode = lru_cache(FRAMES_REMEMBERED)(self.decode_once)

    def encode(self, value: object) -> str | bytes:
        """Return the frame of a value. Raises FrameError."""
        return value if isinstance(value, str) else self.codec.encode(value)

    def decode_once(self, frame: str | bytes) -> tuple[object, str]:
        """Return the value of a frame, and a complaint, which is empty if it is read."""
        try:
            return self.codec.decode(frame), ""
        except FrameError as error:
            return frame, str(error)
