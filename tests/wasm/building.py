"""Programs that tests build, from source that is written in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from stdbpy.module.package import ModuleSource
from stdbpy.wasm.build import build_wasm
from stdbpy.wasm.built import BuiltWasm
from stdbpy.wasm.interpreter import BuildLimits

HEAD = """\
from stdbpy import ReducerContext, column, reducer, table, u64

"""

PEOPLE = """\
from stdbpy import ReducerContext, ReducerError, column, reducer, table, u64

@table(public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str

@reducer
def add(ctx: ReducerContext, name: str) -> None:
    if not name:
        raise ReducerError("a person has a name")
    ctx.db.person.insert(Person(id=0, name=name))
    ctx.log.info("added %s", name)

@reducer
def describe(ctx: ReducerContext) -> None:
    import statistics
    from datetime import datetime
    print(statistics.mean([1, 2, 6]), datetime.strptime("2026-01-02", "%Y-%m-%d").day)

print("imported")
"""

Build = Callable[..., BuiltWasm]
"""Builds a module ``game`` whose one file is the source, or all files by path."""


def builder(cache: Path) -> Build:
    def build(source: str | Mapping[str, str], entry: str = "game", **how: Any) -> BuiltWasm:
        files = {f"{entry}.py": source} if isinstance(source, str) else source
        content = {path: text.encode() for path, text in files.items()}
        return build_wasm(ModuleSource(content, entry), **{"cache": cache, "limits": BuildLimits(seconds=60), **how})

    return build
