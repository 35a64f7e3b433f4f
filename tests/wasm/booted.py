"""The packaged runtime in wasmtime, beside a host that is made of Python functions: what a test asks is run inside."""

from __future__ import annotations

import ast
import lzma
import marshal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import wasmtime

DATA = Path(__file__).parents[2] / "stdbpy" / "wasm" / "runtime"

STACK_BYTES = 512 << 10
"""What the real hosts give a module."""

ANSWERING = """\
import _spacetimedb

class Entry:
    def describe(self):
        return b"described"

    def call_reducer(self, id, sender, connection_id, timestamp, args):
        names = {"id": id, "sender": sender, "connection_id": connection_id, "timestamp": timestamp}
        names["host"] = _spacetimedb
        exec(compile(args, "asked.py", "exec"), names)
        return names.get("answer")

    def say_why(self, raised):
        return str(raised)

    def call_view(self, id, sender, args):
        return sender + args

    def call_anonymous_view(self, id, args):
        return args or "no argument"

    def call_procedure(self, id, sender, connection_id, timestamp, args):
        return repr((id, sender, connection_id, timestamp, args)).encode()

    def call_http_handler(self, id, timestamp, request, body):
        return request[::-1], body[::-1]

_spacetimedb.set_entry(Entry())
"""
"""A program that runs, as a reducer, the Python source that it is given; what ``answer`` is then, it fails with."""

Memory = Callable[[int, int], bytes]
Write = Callable[[int, bytes], None]


ENOUGH_FUEL = 1 << 60


@cache
def compiled(*, counts: bool = False) -> tuple[wasmtime.Engine, wasmtime.Module]:
    """``counts`` is whether instructions use up fuel."""
    config = wasmtime.Config()
    config.consume_fuel = counts
    config.max_wasm_stack = STACK_BYTES
    config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, lzma.decompress((DATA / "python.wasm.xz").read_bytes()))


@cache
def library() -> dict[str, tuple[bool, bytes]]:
    modules: dict[str, tuple[bool, bytes]] = marshal.loads(lzma.decompress((DATA / "stdlib.bin.xz").read_bytes()))
    return modules


class Booted:
    """An instance of the runtime, with the standard library."""

    def __init__(self, *, memory_bytes: int | None = None, abi_level: int = 6, counts: bool = False) -> None:
        engine, module = compiled(counts=counts)
        self.store = wasmtime.Store(engine)
        if counts:
            self.store.set_fuel(ENOUGH_FUEL)
        if memory_bytes is not None:
            self.store.set_limits(memory_size=memory_bytes)
        self.functions: dict[str, Callable[..., int | None]] = {
            "console_log": self._console_log,
            "bytes_source_read": self._read_source,
            "bytes_source_remaining_length": self._remaining,
            "bytes_sink_write": self._write_sink,
        }
        """What the host does, by name; a test may add to it."""
        self.log: list[tuple[int, str]] = []
        self.sources: dict[int, bytes] = {}
        self.sinks: dict[int, bytes] = {}
        linker = wasmtime.Linker(engine)
        for one in module.imports:
            assert isinstance(one.type, wasmtime.FuncType)
            linker.define_func(one.module, one.name, one.type, self._calling(one.name))
        self.exports = linker.instantiate(self.store, module).exports(self.store)
        self.call("build_set_abi_level", abi_level)
        code, result = self.step("build_boot", marshal.dumps(library(), 2))
        assert code == 0, result

    def call(self, name: str, *arguments: int) -> Any:
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *arguments)

    def step(self, name: str, content: bytes) -> tuple[int, dict[str, Any]]:
        """A step of a build: its code, and its result."""
        at = self.call("build_alloc", len(content))
        self.write(at, content)
        code = self.call(name, at, len(content))
        self.call("build_free", at)
        result = self.read(self.call("build_result_address"), self.call("build_result_length"))
        return code, marshal.loads(result)

    def load(self, source: str = ANSWERING, **more: Any) -> tuple[int, dict[str, Any]]:
        """Imports a module ``program`` of that source."""
        files = {"program": (False, "source", source.encode(), "src/program.py")}
        return self.step("build_load", marshal.dumps({"files": files, "entry": "program", **more}, 2))

    def ask(self, expression: str) -> Any:
        """What an expression gives in a program that is :data:`ANSWERING`, if it is a literal."""
        return ast.literal_eval(self.run(f"answer = repr({expression})"))

    def run(self, source: str) -> str:
        """Runs statements; what ``answer`` is afterwards."""
        self.sources[7], self.sinks[8] = source.encode(), b""
        code = self.call("__call_reducer__", 3, 1, 2, 3, 4, 5, 6, 1_000_000, 7, 8)
        assert code == (1 if self.sinks[8] else 0)
        return self.sinks[8].decode()

    def read(self, at: int, length: int) -> bytes:
        return bytes(self._memory.read(self.store, at, at + length))

    def write(self, at: int, content: bytes) -> None:
        self._memory.write(self.store, content, at)

    def write_number(self, at: int, number: int, size: int = 4) -> None:
        self.write(at, number.to_bytes(size, "little"))

    def read_number(self, at: int) -> int:
        return int.from_bytes(self.read(at, 4), "little")

    @property
    def _memory(self) -> wasmtime.Memory:
        memory = self.exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        return memory

    def _calling(self, name: str) -> Callable[..., int | None]:
        def function(*arguments: int) -> int | None:
            return self.functions[name](*arguments)

        return function

    # --- the host ------------------------------------------------------------------------------

    def _console_log(self, level: int, *rest: int) -> None:
        self.log.append((level, self.read(rest[-2], rest[-1]).decode()))

    def _read_source(self, source: int, at: int, length_at: int) -> int:
        rest = self.sources[source]
        part = rest[: self.read_number(length_at)]
        self.sources[source] = rest[len(part) :]
        self.write(at, part)
        self.write_number(length_at, len(part))
        return -1 if not self.sources[source] else 0

    def _remaining(self, source: int, at: int) -> int:
        self.write_number(at, len(self.sources[source]))
        return 0

    def _write_sink(self, sink: int, at: int, length_at: int) -> int:
        self.sinks[sink] = self.sinks.get(sink, b"") + self.read(at, self.read_number(length_at))
        return 0
