"""A reference server for load runs, shared by the tests of a process."""

from collections.abc import Iterator

import pytest

from tests.listening import REFERENCE, listening


@pytest.fixture(scope="session")
def clean_server() -> Iterator[str]:
    with listening(*REFERENCE) as url:
        yield url
