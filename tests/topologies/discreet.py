"""Fronts with another configuration, such as one that hides its instances."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from roomproof.dialects.affinity import Affinity
from roomproof.topologies import front


def change_configuration(monkeypatch: pytest.MonkeyPatch, change: Callable[[str], str]) -> None:
    """Change all files of the configuration of fronts that are started from now on."""
    write = front.write_configuration

    def write_changed(folder: Path, port: int, upstreams: list[str], affinity: Affinity) -> None:
        write(folder, port, upstreams, affinity)
        for path in folder.glob("*.conf"):
            path.write_text(change(path.read_text()))

    monkeypatch.setattr(front, "write_configuration", write_changed)


def hide_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fronts that are started from now on send no X-Upstream."""
    change_configuration(monkeypatch, lambda text: re.sub("add_header X-Upstream.*", "", text))
