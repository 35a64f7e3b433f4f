"""What all rooms share: fixtures of the real servers, and signals as on a terminal."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests import real_servers
from tests.real_servers import RealServer

# How long an example takes says something about the machine, not about the code.
settings.register_profile("stdbpy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("stdbpy")


def pytest_configure() -> None:
    # A shell lets its background jobs ignore Ctrl-C, and every process that a test starts would too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # So does nohup with hang-ups, and a handler for what is ignored is not wanted.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("long") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(900))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """As ``--dist=loadfile``, but that files of tests/hosts stay together as well: they share two programs that each
    server takes ten seconds to compile."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return str(Path(file).parent) if file.startswith("tests/hosts/") else file

    return Scheduling(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_finish() -> None:
    # Thousands of tests and what they import stay to the end: who collects garbage need not look through them.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def real_server() -> Iterator[RealServer]:
    """The reference: a real SpacetimeDB 2.8.3, shared by the whole run (use names of your own)."""
    with real_servers.running("2.8.3") as server:
        yield server


@pytest.fixture(scope="session")
def old_real_server() -> Iterator[RealServer]:
    """A real SpacetimeDB 1.2.0, shared by the whole run."""
    with real_servers.running("1.2.0") as server:
        yield server


@pytest.fixture(scope="session")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy knows already of stdbpy and others' packages if `make lint` has run. Only for checks that are strict:
    it begins anew under other options. A copy, for it is no place for two at a time."""
    cache = tmp_path_factory.mktemp("mypy") / "cache"
    known = Path(__file__).parents[1] / ".mypy_cache"
    if known.is_dir():
        shutil.copytree(known, cache)
    return cache


@pytest.fixture(scope="session")
def build_cache(request: pytest.FixtureRequest) -> Path:
    """What builds of WebAssembly take seconds to make is kept from one run of the tests to the next, as it is on a
    user's machine."""
    cache = request.config.cache
    assert cache is not None
    return cache.mkdir("wasm")


@pytest.fixture
def wasm_cache(home: Path, build_cache: Path) -> None:
    """Programs whose home is a test's own find it there."""
    (home / ".cache" / "stdbpy").mkdir(parents=True)
    (home / ".cache" / "stdbpy" / "wasm").symlink_to(build_cache)
