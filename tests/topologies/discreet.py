"""A front that does not name the instance that served."""

import re
from pathlib import Path

import pytest

from roomproof.topologies import front


def hide_instances(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let fronts that are started from now on send no X-Upstream."""
    write = front.write_configuration

    def without_upstream(folder: Path, port: int, upstreams: list[str]) -> None:
        write(folder, port, upstreams)
        path = folder / front.CONFIGURATION
        path.write_text(re.sub("add_header X-Upstream.*", "", path.read_text()))

    monkeypatch.setattr(front, "write_configuration", without_upstream)
