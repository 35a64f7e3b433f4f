"""Modules for one case each, written in Python, for every server: real ones get the same schema as
WebAssembly that does nothing."""

from __future__ import annotations

from functools import cache

from stdbpy.engine.programs import load_program
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema.definition import Version, write_module_def
from stdbpy.wasm.definition_module import definition_module
from tests.contract.subject import Subject

_HEAD = """
from stdbpy import ReducerContext, ScheduleAt, TaggedUnion, column, reducer, table, u8, u32, u64

"""

PERSON = """
@table(name="person", public=True)
class Person:
    id: u64
    name: str


@reducer
def nothing(ctx: ReducerContext) -> None:
    pass
"""


def program(server: Subject, source: str) -> bytes:
    """What to publish there for the module that ``source`` is, below the imports that it needs."""
    return package(source) if server.is_embedded else _wasm(source, 9 if server.is_old else 10)


@cache
def package(source: str) -> bytes:
    """What to publish for it on an embedded server."""
    return pack(ModuleSource({"case.py": (_HEAD + source).encode()}, "case", None))


@cache
def _wasm(source: str, version: Version) -> bytes:
    return definition_module(write_module_def(load_program(package(source)).schema, version))
