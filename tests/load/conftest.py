"""A reference server for load runs, shared by the tests of a process."""

import sys
from collections.abc import Iterator

import pytest

from tests.listening import listening


@pytest.fixture(scope="session")
def clean_server() -> Iterator[str]:
    with listening(sys.executable, "-m", "reference_server", "--port", "0", "--database", ":memory:") as url:
        yield url
