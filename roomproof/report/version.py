"""The version of Roomproof."""

from importlib.metadata import PackageNotFoundError, version


def tool_version() -> str:
    """Return the version of the installed Roomproof; `0` if none is installed."""
    try:
        return version("roomproof")
    except PackageNotFoundError:
        return "0"
