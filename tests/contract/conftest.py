"""The servers that each case of the contract runs on, and the databases most cases need."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from stdbpy.module.package import pack, source_of_folder
from stdbpy.server.config import ServerConfig
from stdbpy.server.run import RunningServer
from tests import real_servers
from tests.contract.subject import Subject

MODULES = Path(__file__).parent.parent / "modules"
"""Python ports of the compiled modules, with the same schemas."""

COMPILED = {
    "quickstart_chat": "quickstart_chat-1.2.0",
    "sdk_test": "sdk_test-1.2.0",
    "sdk_test_2_8_3": "sdk_test-2.8.3",
    "sdk_test_view": "sdk_test_view-2.8.3",
    "sdk_test_procedure": "sdk_test_procedure-2.8.3",
    "sdk_test_event_table": "sdk_test_event_table-2.8.3",
    "sdk_test_connect_disconnect": "sdk_test_connect_disconnect-2.8.3",
}
"""The compiled module of each port. Servers take those of their version and of older ones."""

SUBJECTS = [
    pytest.param("embedded", id="embedded"),
    pytest.param("embedded-wasm", id="embedded-wasm", marks=pytest.mark.real),
    *(pytest.param(version, id=version, marks=pytest.mark.real) for version in real_servers.VERSIONS),
]


def embedded_subject(running: RunningServer, *, compiled: bool = False) -> Subject:
    """A running embedded server, with the token of its owner. Its test modules are the ports, or the compiled ones."""

    def program(module: str) -> bytes:
        return real_servers.wasm(COMPILED[module]) if compiled else pack(source_of_folder(MODULES / module))

    owner = running.backend.owner.identity.hex()
    http = _http(running.url)
    return Subject("embedded", running.url, running.owner_token, owner, program, http, runs_ports=not compiled)


def real_subject(version: str, url: str) -> Subject:
    """A running real server, with the token of a new identity."""
    made = httpx.post(f"{url}/v1/identity", trust_env=False).json()

    def program(module: str) -> bytes:
        if version == "1.2.0" and not COMPILED[module].endswith(version):
            pytest.skip("this module is for a newer server")
        return real_servers.wasm(COMPILED[module])

    return Subject(version, url, made["token"], made["identity"], program, _http(url))


def _http(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, timeout=60)


@pytest.fixture(scope="session", params=SUBJECTS)
def server(request: pytest.FixtureRequest) -> Iterator[Subject]:
    """Each of the servers in turn, running for the whole session; databases in it are shared."""
    kind: str = request.param
    with ExitStack() as stack:
        if kind.startswith("embedded"):
            config = ServerConfig(listen_addr="127.0.0.1:0", allow_loopback_http=True)
            running = stack.enter_context(RunningServer(config))
            subject = embedded_subject(running, compiled=kind == "embedded-wasm")
        else:
            url = request.getfixturevalue("real_server" if kind == "2.8.3" else "old_real_server").url
            subject = real_subject(kind, url)
        stack.enter_context(subject.http)
        yield subject


@pytest.fixture
def newer_server(server: Subject) -> Subject:
    """One that is not of version 1, for cases of what came with 2."""
    if server.is_old:
        pytest.skip("servers 1.x do not have this")
    return server


@pytest.fixture(scope="session")
def shared_chat(server: Subject) -> str:
    """A chat database for cases that leave nothing behind."""
    return server.new_database("quickstart_chat")


@pytest.fixture
def chat(server: Subject) -> str:
    """A chat database of its own."""
    return server.new_database("quickstart_chat")


@pytest.fixture(scope="session")
def sdk(server: Subject) -> str:
    """The database with every type of column that servers of version 1 have."""
    return server.new_database("sdk_test")


@pytest.fixture(scope="session")
def newer_sdk(server: Subject) -> str:
    """The database with every type of column, in a V10 definition."""
    return server.new_database("sdk_test_2_8_3")
