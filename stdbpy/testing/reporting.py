"""What the plugin reads from pytest's configuration, and what it adds to reports of tests that failed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from stdbpy.engine.logs import SYSTEM
from stdbpy.errors import ModuleLoadError, ProjectError, StdbError
from stdbpy.project.discover import discover
from stdbpy.testing.dump import log_line
from stdbpy.testing.loaded_module import Module, load_module
from stdbpy.testing.module_database import ModuleDatabase
from stdbpy.testing.published import PublishedDatabase
from stdbpy.testing.servers import Server, Servers

_LOG_LINES = 50
"""How many lines of a log a report shows."""

_LONGEST_NAME = 100
"""How many characters of a test's name a folder is called by: file systems take 255 bytes."""

_OWN_FOLDER = pytest.StashKey[Path]()
"""Where a run keeps databases that has no cache."""


def loaded(config: pytest.Config) -> Module:
    """The module under test. Fails the test that asks for it, with all problems of the module's code."""
    try:
        return _loaded(config)
    except ModuleLoadError as error:
        lines = [error.message, *(f"  {problem}" for problem in error.problems)]
    except StdbError as error:
        lines = [
            error.message,
            error.hint,
            "Which module it is, --stdbpy-module says, or stdbpy_module in the settings.",
        ]
    pytest.fail("\n".join(["The module under test cannot be loaded.", *filter(None, lines)]), pytrace=False)


def published(server: Server, module: Module, environment: Mapping[str, str]) -> PublishedDatabase:
    """A database on the server. Fails the test that asks for it, with all problems of a module in Python that the
    server cannot run."""
    try:
        return server.publish(module, environment=environment)
    except ModuleLoadError as error:
        lines = [error.message, *(f"  {problem}" for problem in error.problems)]
    except ProjectError as error:
        lines = [error.message, error.hint]
    pytest.fail("\n".join(["The module under test cannot be built.", *filter(None, lines)]), pytrace=False)


def _loaded(config: pytest.Config) -> Module:
    start = config.invocation_params.dir
    strict = _is_strict(config)
    named = config.getoption("--stdbpy-module")
    if named:
        return load_module(named, start=start, strict=strict)
    if config.getini("stdbpy_module"):
        return load_module(config.getini("stdbpy_module"), start=_configured_in(config), strict=strict)
    try:
        project = discover(config.rootpath)
    except ProjectError:
        project = discover(start)
    return load_module(project.root, strict=strict)


def _is_strict(config: pytest.Config) -> bool:
    return bool(config.getoption("--stdbpy-strict") or config.getini("stdbpy_strict"))


def servers_of(config: pytest.Config) -> Servers:
    """The servers of this run."""
    strict = _is_strict(config)
    named = config.getoption("--stdbpy-server")
    if named:
        return Servers(config.invocation_params.dir / named, strict=strict)
    configured = config.getini("stdbpy_server")
    return Servers(_configured_in(config) / configured if configured else None, strict=strict)


def _configured_in(config: pytest.Config) -> Path:
    return config.inipath.parent if config.inipath is not None else config.rootpath


def tell(report: pytest.TestReport, databases: Sequence[ModuleDatabase | PublishedDatabase], item: pytest.Item) -> None:
    """Adds the end of the databases' logs to the report, and where their rows are if they are to be kept."""
    folder = _folder_for(item) if item.config.getoption("--stdbpy-keep") else None
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
    for database in databases:
        _tell_of(database, report, folder / database.name if folder is not None and len(databases) > 1 else folder)


def _tell_of(database: ModuleDatabase | PublishedDatabase, report: pytest.TestReport, folder: Path | None) -> None:
    try:
        # That tables were created, which each of these logs begins with, no test means.
        told = [record for record in database.logs if (record.level, record.function) != ("Info", SYSTEM)]
        lines = [log_line(record) for record in told[-_LOG_LINES:]]
        report.sections.append((f"Log of database {database.name}", "\n".join(lines)))
        if folder is not None:
            database.dump(folder)
            report.sections.append((f"Kept of database {database.name}", str(folder)))
    except (StdbError, OSError) as error:
        report.sections.append((f"Database {database.name}", f"It could not be looked into: {error}"))


def _folder_for(item: pytest.Item) -> Path:
    name = re.sub(r"[^\w.-]+", "_", item.nodeid)
    if len(name) > _LONGEST_NAME:
        name = f"{name[:_LONGEST_NAME]}-{sha256(item.nodeid.encode()).hexdigest()[:8]}"
    return _folder_of_run(item.config) / name


def _folder_of_run(config: pytest.Config) -> Path:
    cache = getattr(config, "cache", None)
    if cache is not None:
        return Path(cache.mkdir("stdbpy-kept"))
    if _OWN_FOLDER not in config.stash:
        config.stash[_OWN_FOLDER] = Path(tempfile.mkdtemp(prefix="stdbpy-kept-"))
    return config.stash[_OWN_FOLDER]
