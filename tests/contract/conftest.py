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

KINDS = ("embedded", "embedded-wasm", "2.8.3", "1.2.0")
QUICK_KINDS = ("embedded", "2.8.3")


def subjects(*quick: str) -> list[object]:
    """All kinds of servers, for a fixture's or a test's parameters; those that are not named here are long."""
    return [
        pytest.param(
            kind,
            id=kind,
            marks=[
                *([] if kind == "embedded" else [pytest.mark.real]),
                *([] if kind in quick else [pytest.mark.long]),
            ],
        )
        for kind in KINDS
    ]


def on(*quick: str) -> pytest.MarkDecorator:
    """For tests that always run on these kinds of servers, and on all others when the long ones do."""
    return pytest.mark.parametrize("server", subjects(*quick), indirect=True, scope="session")


def embedded_subject(running: RunningServer, *, compiled: bool = False) -> Subject:
    """A running embedded server, with the token of its owner. Its test modules are the ports, or the compiled ones."""

    def program(module: str) -> bytes:
        return real_servers.wasm(COMPILED[module]) if compiled else pack(source_of_folder(MODULES / module))

    owner = running.backend.owner.identity.hex()
    http = _http(running.url)
    return Subject("embedded", running.url, running.owner_token, owner, program, http, runs_ports=not compiled)


def real_subject(version: str, url: str) -> Subject:
    """A running real server, with the token of a new identity."""
    made = httpx.post(f"{url}/v1/identity", trust_env=False, verify=False).json()

    def program(module: str) -> bytes:
        if version == "1.2.0" and not COMPILED[module].endswith(version):
            pytest.skip("this module is for a newer server")
        return real_servers.wasm(COMPILED[module])

    return Subject(version, url, made["token"], made["identity"], program, _http(url))


def _http(url: str) -> httpx.Client:
    return httpx.Client(base_url=url, trust_env=False, verify=False, timeout=60)


class Subjects:
    """The servers, each started when the first test asks for it, and the databases that tests share there."""

    def __init__(self, request: pytest.FixtureRequest, stack: ExitStack) -> None:
        self._request = request
        self._stack = stack
        self._servers: dict[tuple[str, str], Subject] = {}
        self._databases: dict[tuple[str, str], str] = {}

    def server(self, kind: str, purpose: str = "") -> Subject:
        """The one of that kind for all tests, or for those with that purpose."""
        key = kind, purpose
        if key not in self._servers:
            self._servers[key] = self._started(kind, own=bool(purpose))
            self._stack.enter_context(self._servers[key].http)
        return self._servers[key]

    def database(self, server: Subject, module: str, purpose: str = "") -> str:
        """The one for that purpose."""
        key = server.url, f"{module} {purpose}"
        if key not in self._databases:
            self._databases[key] = server.new_database(module)
            server.made.pop()
        return self._databases[key]

    def take(self, server: Subject) -> None:
        """One that somebody else has started."""
        self._servers[server.kind, server.url] = server

    def delete_what_was_made(self) -> None:
        for server in self._servers.values():
            server.delete_what_was_made()

    def _started(self, kind: str, *, own: bool) -> Subject:
        if kind.startswith("embedded"):
            config = ServerConfig(listen_addr="127.0.0.1:0", allow_loopback_http=True)
            running = self._stack.enter_context(RunningServer(config))
            return embedded_subject(running, compiled=kind == "embedded-wasm")
        if own:
            return real_subject(kind, self._stack.enter_context(real_servers.running(kind)).url)
        fixture = "real_server" if kind == "2.8.3" else "old_real_server"
        return real_subject(kind, self._request.getfixturevalue(fixture).url)


@pytest.fixture(scope="session")
def all_subjects(request: pytest.FixtureRequest) -> Iterator[Subjects]:
    with ExitStack() as stack:
        yield Subjects(request, stack)


@pytest.fixture(scope="module", autouse=True)
def _databases_go_with_their_tests(all_subjects: Subjects) -> Iterator[None]:
    yield
    all_subjects.delete_what_was_made()


@pytest.fixture(scope="session", params=subjects(*QUICK_KINDS))
def server(request: pytest.FixtureRequest, all_subjects: Subjects) -> Subject:
    """Each of the servers in turn, running for the whole session; databases in it are shared."""
    return all_subjects.server(request.param)


@pytest.fixture(params=["embedded", pytest.param("2.8.3", marks=pytest.mark.real)])
def measured_server(request: pytest.FixtureRequest, all_subjects: Subjects) -> Subject:
    """One with few databases: of many, the real server takes long to tell all figures."""
    return all_subjects.server(request.param, "to be measured")


@pytest.fixture
def newer_server(server: Subject) -> Subject:
    """One that is not of version 1, for cases of what came with 2."""
    if server.is_old:
        pytest.skip("servers 1.x do not have this")
    return server


@pytest.fixture(scope="session")
def shared_chat(server: Subject, all_subjects: Subjects) -> str:
    """A chat database for cases that leave nothing behind."""
    return all_subjects.database(server, "quickstart_chat")


@pytest.fixture
def chat(server: Subject) -> str:
    """A chat database of its own."""
    return server.new_database("quickstart_chat")


@pytest.fixture(scope="session")
def sdk(server: Subject, all_subjects: Subjects) -> str:
    """The database with every type of column that servers of version 1 have."""
    return all_subjects.database(server, "sdk_test")


@pytest.fixture
def empty_sdk(server: Subject, all_subjects: Subjects) -> str:
    """The same, with no rows in those of its tables that its tests use."""
    database = all_subjects.database(server, "sdk_test", "empty")
    for table in ("one_u8", "one_u16", "one_u32", "one_bool", "one_identity", "pk_u8", "unique_u8"):
        answer = server.sql(database, f"DELETE FROM {table}")
        assert answer.status_code == 200, answer.text
    return database


@pytest.fixture(scope="session")
def newer_sdk(server: Subject, all_subjects: Subjects) -> str:
    """The database with every type of column, in a V10 definition."""
    return all_subjects.database(server, "sdk_test_2_8_3")
