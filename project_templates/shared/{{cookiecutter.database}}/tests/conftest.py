"""A SpacetimeDB in this process and in memory, with the module anew for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from stdbpy.api import ApiClient
from stdbpy.client import HttpDatabase
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.server import RunningServer

from module_bindings import Reducers, over_http

DATABASE = "test"

Client = HttpDatabase[Reducers[None]]


@pytest.fixture(scope="session")
def package() -> bytes:
    return build(discover(Path(__file__))).package


@pytest.fixture(scope="session")
def server() -> Iterator[RunningServer]:
    with RunningServer() as server:
        yield server


@pytest.fixture
def database(server: RunningServer, package: bytes) -> Iterator[Client]:
    """The database without any rows, and its owner as the client."""
    with ApiClient(server.url, server.owner_token) as api:
        api.publish(package, DATABASE, clear=True)
    with over_http(server.url, DATABASE, token=server.owner_token) as client:
        yield client
