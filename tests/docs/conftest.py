"""The program in process, as in the tests of the command line."""

from __future__ import annotations

import socket

import pytest

from tests.cli.conftest import home, run

__all__ = ["home", "run"]


@pytest.fixture
def free_address() -> str:
    """A host and port of this machine where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"
