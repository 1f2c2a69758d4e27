"""A server that is shared by all tests that leave it unchanged."""

from collections.abc import Iterator

import pytest

from tests.server.process import Server, running


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(tmp_path_factory.mktemp("server")) as one:
        yield one
        assert "ERROR" not in one.log, one.log
