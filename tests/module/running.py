"""Module code as text, loaded and bound to a small database, so that a test reads like a use of it."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import Any

import pytest

from stdbpy.errors import ModuleLoadError, Problem
from stdbpy.module.load import LoadedModule, load
from stdbpy.module.package import ModuleSource
from stdbpy.sats.annotations import u64
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.values import ConnectionId, Identity, Timestamp
from stdbpy.schema.http import HttpRequestHead, HttpResponseHead
from tests.module.fake_host import FakeHost

ANN = Identity.from_int(0xA)
BOB = Identity.from_int(0xB)
DATABASE = Identity.from_int(0xD)
NOON = Timestamp(1_700_000_000_000_000)


@dataclass
class Installed:
    """A class from outside of the module."""

    id: u64


@dataclass
class Unsuitable:
    """Another one, which SpacetimeDB cannot hold."""

    id: int


def source_of(
    code: str = "", *, entry: str = "game", root: str | None = None, files: dict[str, str] | None = None
) -> ModuleSource:
    """``code`` is the file of the entry, after a first line that imports everything of stdbpy."""
    texts = dict(files or {})
    if code:
        texts[f"{entry.replace('.', '/')}.py"] = f"from stdbpy import *\n{textwrap.dedent(code)}"
    return ModuleSource({path: textwrap.dedent(text).encode() for path, text in texts.items()}, entry, root)


def load_code(code: str = "", **options: Any) -> LoadedModule:
    return load(source_of(code, **options))


def problems_of(code: str = "", **options: Any) -> list[Problem]:
    """The problems for which the code is refused."""
    with pytest.raises(ModuleLoadError) as caught:
        load_code(code, **options)
    return list(caught.value.problems)


class Running:
    """A module in a database."""

    def __init__(self, module: LoadedModule) -> None:
        self.module = module
        self.host = FakeHost(module.schema)
        self.bound = module.bind(self.host, DATABASE)

    def call(
        self,
        reducer: str,
        *args: object,
        sender: Identity = ANN,
        connection: ConnectionId | None = None,
        timestamp: Timestamp = NOON,
    ) -> None:
        params = self.module.schema.reducers_by_name[reducer].params
        data = compile_codec(params, self.module.schema.typespace).encode(args)
        self.bound.call_reducer(reducer, sender, connection, timestamp, data)

    def view(self, name: str, *, sender: Identity = ANN) -> list[tuple] | str:
        """The rows of a view, decoded, or its query."""
        schema = self.module.schema
        view = schema.views_by_name[name]
        self.host.only_reads = True
        try:
            returned = self.bound.call_view(view.index, None if view.is_anonymous else sender)
        finally:
            self.host.only_reads = False
        if isinstance(returned, str):
            return returned
        codec = compile_codec(schema.row_type(view), schema.typespace)
        return [codec.decode(row) for row in returned]

    def procedure(
        self,
        name: str,
        *args: object,
        sender: Identity = ANN,
        connection: ConnectionId | None = None,
        timestamp: Timestamp = NOON,
    ) -> Any:
        """What a procedure returns, decoded."""
        schema = self.module.schema
        procedure = schema.procedures_by_name[name]
        number = schema.procedures.index(procedure)
        data = compile_codec(procedure.params, schema.typespace).encode(args)
        self.host.now = max(self.host.now, int(timestamp))
        returned = self.bound.call_procedure(number, sender, connection, timestamp, data)
        return compile_codec(procedure.return_type, schema.typespace).decode(returned)

    def request(
        self, handler: str, request: HttpRequestHead, body: bytes = b"", *, timestamp: Timestamp = NOON
    ) -> tuple[HttpResponseHead, bytes]:
        """What an HTTP handler answers."""
        number = [each.name for each in self.module.schema.http_handlers].index(handler)
        self.host.now = max(self.host.now, int(timestamp))
        head, answered = self.bound.call_http_handler(number, timestamp, request.encode(), body)
        return HttpResponseHead.decode(head), answered

    def rows(self, table: str) -> list[tuple]:
        return self.host.rows(table)

    @property
    def messages(self) -> list[str]:
        return [line.message for line in self.host.logged]


def run(code: str = "", **options: Any) -> Running:
    return Running(load_code(code, **options))
