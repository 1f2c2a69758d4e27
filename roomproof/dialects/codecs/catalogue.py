"""All codecs: the built-in ones, and those of entry points."""

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points

from roomproof.dialects.codecs.actioncable import ActionCableCodec
from roomproof.dialects.codecs.codec import Codec, FrameError
from roomproof.dialects.codecs.json_text import JsonCodec, TextCodec
from roomproof.dialects.codecs.phoenix import PhoenixCodec
from roomproof.dialects.codecs.socketio import SocketIoCodec
from roomproof.dialects.place import Place

GROUP = "roomproof.dialects"
"""The group of entry points in which packages name codecs of their own."""

BUILT_IN: Mapping[str, Callable[..., Codec]] = {
    "json": JsonCodec,
    "text": TextCodec,
    "socketio": SocketIoCodec,
    "phoenix": PhoenixCodec,
    "actioncable": ActionCableCodec,
}


def codec_of(name: str, options: Mapping[str, object], place: Place) -> Codec:
    """Return the codec with a name, made with its options.

    Raises UsageError for an unknown codec, one that does not load, and options that the codec does not take.
    """
    make = BUILT_IN.get(name) or _installed(name, place)
    try:
        return make(**options)
    except (TypeError, FrameError) as error:
        given = ", ".join(options) or "none"
        advice = f"correct or remove them ({error})"
        raise place.wrong(f"the options of the codec {name}", given, advice) from error


def _installed(name: str, place: Place) -> Callable[..., Codec]:
    installed = {one.name: one for one in entry_points(group=GROUP)}
    if name not in installed:
        known = ", ".join([*BUILT_IN, *sorted(installed)])
        advice = f"or install a package with an entry point of this name in the group {GROUP}"
        raise place.wrong(f"one of the codecs {known}", repr(name), advice)
    try:
        make: Callable[..., Codec] = installed[name].load()
    except (ImportError, AttributeError) as error:
        got = f"an error: {error}"
        raise place.wrong(f"the entry point {installed[name].value} to load", got, "repair its package") from error
    return make
