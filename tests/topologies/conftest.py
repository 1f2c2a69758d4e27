"""The programs that these tests need."""

import pytest

from tests.conftest import require


@pytest.fixture
def nginx() -> str:
    """The path of nginx."""
    return require("nginx", "apt-get install nginx-light")


@pytest.fixture
def redis() -> str:
    """The path of Redis."""
    return require("redis-server", "apt-get install redis-server")
