"""A database with the modules of ``sources`` on one of the hosts, and what one does with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from stdbpy.api import ApiClient
from stdbpy.api.results import LogRecord
from stdbpy.errors import ApiError, ReducerFailed
from stdbpy.module.package import ModuleSource
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.schema.model import ModuleSchema

SOURCES = Path(__file__).parent / "sources"

OLDER = "2.8.3, as built for 1.2.0"

HOSTS = ("native", "strict", "wasm", "2.8.3", OLDER, "1.2.0")
"""Python on the embedded server, on one that imports it anew for each call, WebAssembly on it, and on the real
servers."""

PATIENCE = 60.0
"""Seconds that a server has to do what a schedule says."""

_COMPILES_WITHIN = 400.0
"""Seconds. Servers compile a program when it is published, and machines can be busy."""


def source(entry: str) -> ModuleSource:
    """``town`` for servers of version 1, ``city`` for all others: the files that it needs and no others."""
    folders = ("town",) if entry == "town" else ("town", "city")
    paths = [path for folder in folders for path in sorted((SOURCES / folder).rglob("*.py"))]
    paths += [] if entry == "town" else [SOURCES / "guild.py"]
    return ModuleSource({path.relative_to(SOURCES).as_posix(): path.read_bytes() for path in paths}, entry)


def on(*quick: str, hosts: Sequence[str] = HOSTS) -> pytest.MarkDecorator:
    """For tests that run on these hosts always, and on the others when the long ones do."""
    params = [
        pytest.param(
            host,
            marks=[
                pytest.mark.timeout(_COMPILES_WITHIN),
                *([pytest.mark.real] if host[0].isdigit() else []),
                *([] if host in quick else [pytest.mark.long]),
            ],
        )
        for host in hosts
    ]
    return pytest.mark.parametrize("town", params, indirect=True, scope="session")


class Line(NamedTuple):
    """Of the log, as the module has written it."""

    level: str
    message: str
    target: str | None
    where: str
    function: str | None


def place(path: str, text: str) -> str:
    """``town/bank.py:12``: where that piece of code is, of which there is one."""
    lines = (SOURCES / path).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if text in line]
    return f"{path}:{number}"


@dataclass
class Town:
    host: str
    url: str
    token: str = field(repr=False)
    """Of the owner."""
    entry: str
    made: Callable[[ModuleSource], bytes] = field(repr=False)
    """Makes of other sources what can be published there."""
    program: bytes = field(repr=False)
    """What was published."""
    database: str
    api: ApiClient = field(repr=False)
    _before: int = 0
    """How many lines the log had before the last call."""

    @property
    def is_old(self) -> bool:
        return self.host == "1.2.0"

    @property
    def runs_natively(self) -> bool:
        return self.host in ("native", "strict")

    @property
    def is_real(self) -> bool:
        return self.host[0].isdigit()

    @cached_property
    def schema(self) -> ModuleSchema:
        return self.api.schema(self.database)

    # --- calls -------------------------------------------------------------------------------

    def call(self, function: str, *arguments: Any, api: ApiClient | None = None) -> list[Line]:
        """Calls a reducer; returns what it has logged."""
        self.mark()
        (api or self.api).call(self.database, function, self._encoded(function, arguments))
        return self.lines()

    def said(self, function: str, *arguments: Any, api: ApiClient | None = None) -> list[str]:
        """The messages alone."""
        return [line.message for line in self.call(function, *arguments, api=api)]

    def refused(self, function: str, *arguments: Any) -> str:
        """What the caller of a reducer that fails is told."""
        self.mark()
        with pytest.raises(ReducerFailed) as failed:
            self.api.call(self.database, function, self._encoded(function, arguments))
        return failed.value.body

    def ask(self, procedure: str, *arguments: Any) -> Any:
        """What a procedure returns."""
        self.mark()
        returned = self.api.call(self.database, procedure, self._encoded(procedure, arguments)).value
        [found] = [each for each in self.schema.procedures if each.name == procedure]
        return compile_json_codec(found.return_type, self.schema.typespace).from_json(returned)

    def fails(self, procedure: str, *arguments: Any) -> ApiError:
        self.mark()
        with pytest.raises(ApiError) as failed:
            self.api.call(self.database, procedure, self._encoded(procedure, arguments))
        return failed.value

    def _encoded(self, function: str, arguments: tuple[Any, ...]) -> Any:
        for prefix, module in self.schema.walk():
            for each in (*module.reducers, *module.procedures):
                if prefix + each.name == function:
                    return compile_json_codec(each.params, module.typespace).to_json(arguments)
        raise LookupError(function)

    # --- rows --------------------------------------------------------------------------------

    def rows(self, query: str, api: ApiClient | None = None) -> list[Any]:
        """Sorted, as servers give them in any order."""
        [result] = (api or self.api).sql(self.database, query)
        codec = compile_json_codec(result.columns, form="result")
        return sorted((codec.from_json(row) for row in result.rows), key=repr)

    # --- the log -----------------------------------------------------------------------------

    def lines(self) -> list[Line]:
        """Those of the module that were written since the last call began."""
        records = [*self.api.logs(self.database)][self._before :]
        return [_line(record) for record in records if _is_module_s(record)]

    def until(self, message: str, since: int | None = None) -> list[Line]:
        """What is logged since the last call began, or since that mark, up to that line, which has come or will."""
        lines: list[Line] = []
        with ApiClient(self.url, self.token, timeout=PATIENCE) as api:
            records = api.logs(self.database, 1_000_000, follow=True)
            for record in itertools.islice(records, self._before if since is None else since, None):
                if _is_module_s(record):
                    lines.append(_line(record))
                    if record.message == message:
                        break
            records.close()
        return lines

    def mark(self) -> int:
        """What is logged from now on is what :meth:`lines` gives."""
        self._before = sum(1 for _ in self.api.logs(self.database))
        return self._before


def _is_module_s(record: LogRecord) -> bool:
    """Servers write lines of their own, too: those name no file, or this one."""
    return record.filename not in (None, "__spacetimedb__")


def _line(record: LogRecord) -> Line:
    return Line(record.level, record.message, record.target, f"{record.filename}:{record.line_number}", record.function)
