"""Capabilities as text."""

from collections.abc import Mapping

from roomproof.spec.rules import Capability


def capability_names(capabilities: Mapping[Capability, float | None]) -> list[str]:
    """Return capabilities as the user writes them, such as `fetch` and `heartbeat=30`."""
    return [name if number is None else f"{name}={number:g}" for name, number in capabilities.items()]
