"""The pytest plugin: databases for tests as fixtures. It is there wherever stdbpy is installed, and does nothing
until a test wants one of its fixtures:

``stdb_module``
    the module under test, loaded once for the run: that of the project, unless ``--stdbpy-module`` or ``stdbpy_module``
    of pytest's configuration name another. A fixture of the same name in a ``conftest.py`` takes its place.
``stdb``
    a database of this test alone, in this process: a :class:`~stdbpy.testing.ModuleDatabase`.
``stdb_server``
    a running server: the embedded one, or those that ``@pytest.mark.stdbpy_servers("embedded", "spacetimedb")`` names,
    one after the other.
``stdb_published``
    a database on ``stdb_server``, under a fresh name: a :class:`~stdbpy.testing.PublishedDatabase`.

``--stdbpy-keep`` keeps what is in the databases of tests that fail. With ``--stdbpy-strict``, or ``stdbpy_strict`` of
the configuration, modules in Python are imported anew for each call: none finds in globals what another one has left.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from stdbpy.testing import Module, ModuleDatabase, PublishedDatabase, Server
    from stdbpy.testing.servers import Servers

MARK = "stdbpy_servers"
_SERVER = "stdb_server"

_WATCHED = pytest.StashKey[list[Any]]()
"""The databases of a test, while it runs."""

_HAS_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("stdbpy", "databases of SpacetimeDB")
    group.addoption(
        "--stdbpy-module",
        metavar="MODULE",
        help="the module under test: a project's folder, a package, a file of Python, a .wasm, or an import name",
    )
    group.addoption(
        "--stdbpy-server", metavar="PATH", help="SpacetimeDB's server program; default: the installed one, if any"
    )
    group.addoption(
        "--stdbpy-keep", action="store_true", help="keep the rows and logs of databases whose tests fail, and say where"
    )
    group.addoption(
        "--stdbpy-strict",
        action="store_true",
        help="import modules in Python anew for each call, so that nothing is kept in globals",
    )
    parser.addini("stdbpy_strict", "as --stdbpy-strict", type="bool", default=False)
    parser.addini("stdbpy_module", "as --stdbpy-module; paths are relative to the configuration file")
    parser.addini("stdbpy_server", "as --stdbpy-server; paths are relative to the configuration file")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARK}(*kinds): run the test on these servers, one after the other: 'embedded', and 'spacetimedb', "
        "which is skipped where it is not installed",
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    mark = metafunc.definition.get_closest_marker(MARK)
    if mark is None or _SERVER not in metafunc.fixturenames:
        return
    # What is wrong with it, the fixture says: here, it would be an error of all of the file.
    metafunc.parametrize(_SERVER, mark.args or [""], indirect=True)


def pytest_assertrepr_compare(op: str, left: object, right: object) -> list[str] | None:
    """A moment of SpacetimeDB is a number of microseconds, and so never equal to one of Python's."""
    values = sys.modules.get("stdbpy.sats.values")
    if op != "==" or values is None or {type(left), type(right)} != {values.Timestamp, datetime}:
        return None
    return [
        f"{left!r} {op} {right!r}",
        "A Timestamp is no datetime: compare .to_datetime(), or Timestamp.from_datetime()",
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and call.when != "teardown":
        item.stash[_HAS_FAILED] = True
        databases = item.stash.get(_WATCHED, ())
        if databases:
            from stdbpy.testing.reporting import tell

            tell(report, databases, item)
    return report


@pytest.fixture(scope="session")
def stdb_module(request: pytest.FixtureRequest) -> Module:
    """The module under test."""
    from stdbpy.testing.reporting import loaded

    return loaded(request.config)


@pytest.fixture
def stdb_environment() -> dict[str, str]:
    """The values that the module under test declares of its database's environment; to be overridden."""
    return {}


@pytest.fixture
def stdb(
    request: pytest.FixtureRequest, stdb_module: Module, stdb_environment: dict[str, str]
) -> Generator[ModuleDatabase, None, None]:
    """A database of this test alone, which runs the module under test in this process."""
    database = stdb_module.database(environment=stdb_environment)
    _watch(request, database)
    yield database
    if request.node.stash.get(_HAS_FAILED, False):
        database.bugs.clear()
    database.close()


@pytest.fixture(scope="session")
def _stdb_servers(request: pytest.FixtureRequest) -> Generator[Servers, None, None]:
    from stdbpy.testing.reporting import servers_of

    servers = servers_of(request.config)
    yield servers
    servers.close()


@pytest.fixture
def stdb_server(request: pytest.FixtureRequest, _stdb_servers: Servers) -> Server:
    """A running server, of the kind that the mark says."""
    from stdbpy.errors import ProjectError, nearest
    from stdbpy.testing.servers import EMBEDDED, KINDS, SPACETIMEDB

    kind = getattr(request, "param", EMBEDDED)
    if kind not in KINDS:
        what = f"not {kind!r}. {nearest(str(kind), KINDS)}".rstrip() if kind else "one of them or both."
        pytest.fail(f"@pytest.mark.{MARK} takes {' and '.join(map(repr, KINDS))}, {what}", pytrace=False)
    try:
        return _stdb_servers.get(kind)
    except ProjectError as error:
        if kind == SPACETIMEDB:
            pytest.skip(f"{error.message}. {error.hint}".rstrip())
        raise


@pytest.fixture
def stdb_published(
    request: pytest.FixtureRequest, stdb_server: Server, stdb_module: Module, stdb_environment: dict[str, str]
) -> Generator[PublishedDatabase, None, None]:
    """A database on the server, under a name of its own, which runs the module under test."""
    from stdbpy.testing.reporting import published

    database = published(stdb_server, stdb_module, stdb_environment)
    _watch(request, database)
    yield database
    database.close()


def _watch(request: pytest.FixtureRequest, database: object) -> None:
    request.node.stash.setdefault(_WATCHED, []).append(database)
