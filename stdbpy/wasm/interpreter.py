"""Python that runs in wasmtime while a module is built, driven step by step.

The runtime's exports ``build_…`` are described in ``runtime/shim/building.c``: each step takes a marshalled dict and
gives one. There is no database yet, so host functions refuse.
"""

from __future__ import annotations

import marshal
from binascii import a2b_base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias, TypeVar

import wasmtime

from stdbpy.epochs import Epochs, ticks
from stdbpy.errors import seconds
from stdbpy.made_once import made_once
from stdbpy.module.host import Errno
from stdbpy.wasm.guest.telling import TOLD
from stdbpy.wasm.interruptible import interruptible

_STACK_BYTES = 512 << 10
"""As much as a module has on a server."""

_TABLE_ELEMENTS = 1 << 20
_DESCRIPTION = 1
"""The number of the sink that a module's definition is written to."""

_MARSHAL_VERSION = 2  # the last without references between objects: the same values are the same bytes
_DONE, _FAILED = 0, 1

T = TypeVar("T")


LoadedFile: TypeAlias = tuple[bool, str, bytes, str]
"""A module: whether it is a package, ``source`` or ``code``, that, and the file's name."""


@dataclass(frozen=True, slots=True)
class BuildLimits:
    """What the code of a module may use while it is imported."""

    seconds: float = 120.0
    memory_bytes: int = 1 << 30
    """The runtime itself takes no more."""


@dataclass(frozen=True, slots=True)
class Loaded:
    modules: tuple[str, ...]
    """The names of all that were imported, in that order."""
    unused: frozenset[str]
    """The names of modules in the runtime itself of which nothing is needed any more."""


class StoppedError(Exception):
    """The interpreter has come to an end that no Python code sees: of time or memory, or by a crash."""


class RaisedError(Exception):
    """Python code has raised ``type`` while it was imported; ``told`` is what it told before."""

    def __init__(self, type: str, message: str, traceback: str, told: Mapping[str, Any]) -> None:
        super().__init__(f"{type}: {message}")
        self.type = type
        self.message = message
        self.traceback = traceback
        self.told = told


@made_once
def engine() -> wasmtime.Engine:
    """Of all builds in this process."""
    config = wasmtime.Config()
    config.epoch_interruption = True
    config.max_wasm_stack = _STACK_BYTES
    config.cranelift_nan_canonicalization = True  # else processors give NaNs different signs
    return wasmtime.Engine(config)


@made_once
def _epochs() -> Epochs:
    return Epochs(engine())


class Interpreter:
    """One instance of a runtime. All steps raise ``StoppedError``, and :class:`RaisedError` where code is run."""

    def __init__(self, runtime: wasmtime.Module, limits: BuildLimits) -> None:
        self.output: list[str] = []
        """The lines that were printed or logged."""
        self.told: dict[str, Any] = {}
        """What code inside has told by :func:`stdbpy.wasm.guest.telling.tell`."""
        self._limits = limits
        self._description = bytearray()
        self._store = wasmtime.Store(engine())
        self._store.set_limits(memory_size=limits.memory_bytes, table_elements=_TABLE_ELEMENTS, memories=1)
        functions = [self._host_function(each) for each in runtime.imports]
        self._exports = self._bounded(lambda: wasmtime.Instance(self._store, runtime, functions).exports(self._store))
        memory = self._exports["memory"]
        assert isinstance(memory, wasmtime.Memory)
        self._memory = memory

    def close(self) -> None:
        interruptible(self._store.close, lambda: None)

    # --- steps -------------------------------------------------------------------------------

    def boot(self, library: Mapping[str, tuple[bool, bytes]]) -> None:
        """Starts Python; ``library`` is the code of modules by name, and whether they are packages."""
        self._step("build_boot", dict(library))

    def load(
        self,
        files: Mapping[str, LoadedFile],
        entry: str,
        settings: Mapping[str, Any],
        keep: list[str] | None = None,
    ) -> Loaded:
        """Imports the module ``entry`` of ``files``, which go by their names; those of ``keep`` can be imported later,
        all of them without it."""
        program = {"files": dict(files), "entry": entry, "settings": dict(settings), "keep": keep}
        loaded = self._step("build_load", program)
        return Loaded(tuple(loaded["modules"]), frozenset(loaded["unused"]))

    def compile(self, sources: Mapping[str, tuple[bytes, str]]) -> dict[str, bytes]:
        """The code of ``sources``: name → source and file name."""
        code: dict[str, bytes] = self._step("build_compile", dict(sources))["code"]
        return code

    def set_abi_level(self, level: int) -> None:
        self._bounded(lambda: self._call("build_set_abi_level", level))

    def settle(self) -> None:
        """The last step before memory is taken: what is free becomes zeros."""
        if self._bounded(lambda: self._call("build_scrub")) != _DONE:
            raise StoppedError(self._last_words())

    def memory(self) -> bytearray:
        """A copy of all of it."""
        return self._memory.read(self._store)

    def resume(self, memory: bytes, pages: int) -> None:
        """Goes on where another one was that had this memory; zeros at its end may be left out. That one had been
        booted, this one has not."""
        missing = pages - self._memory.size(self._store)
        try:
            self._memory.grow(self._store, missing)
        except wasmtime.WasmtimeError:
            raise StoppedError("it needs more memory than the build allows") from None
        self._memory.write(self._store, memory, 0)

    def address_of_appended_program(self) -> int:
        address: int = self._bounded(lambda: self._call("build_appended_program"))
        return address & 0xFFFFFFFF

    def describe(self) -> bytes:
        """The definition of the module that was loaded."""
        self._description.clear()
        self._bounded(lambda: self._call("__describe_module__", _DESCRIPTION))
        return bytes(self._description)

    def _step(self, name: str, given: dict[str, Any]) -> dict[str, Any]:
        data = marshal.dumps(given, _MARSHAL_VERSION)
        self.told = {}
        code, written = self._bounded(lambda: self._stepped(name, data))
        result: dict[str, Any] = marshal.loads(written) if written else {}  # noqa: S302 - from code that could run here
        if code == _DONE:
            return result
        if code == _FAILED and result:
            error = result["error"]
            raise RaisedError(error["type"], error["message"], error["traceback"], self.told)
        raise StoppedError(self._last_words())

    def _last_words(self) -> str:
        return "\n".join(["Python does not run", *self.output[-5:]])

    def _stepped(self, name: str, data: bytes) -> tuple[int, bytes]:
        """How it has ended, and what it gives."""
        address = self._call("build_alloc", len(data)) & 0xFFFFFFFF
        if not address:
            raise StoppedError("it needs more memory than the build allows")
        self._memory.write(self._store, data, address)
        code = self._call(name, address, len(data))
        self._call("build_free", address)
        start = self._call("build_result_address") & 0xFFFFFFFF
        end = start + self._call("build_result_length")
        return code, bytes(self._memory.read(self._store, start, end)) if start else b""

    def _call(self, name: str, *arguments: int) -> Any:
        function = self._exports[name]
        assert isinstance(function, wasmtime.Func)
        return function(self._store, *arguments)

    def _bounded(self, work: Callable[[], T]) -> T:
        """What ``work`` returns. Turns ends of WebAssembly's into ``StoppedError``, the one of time too."""
        self._store.set_epoch_deadline(ticks(self._limits.seconds))
        _epochs().begin(id(self))
        try:
            return interruptible(work, self._run_out_of_time)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            raise StoppedError(self._reason(error)) from None
        finally:
            _epochs().end(id(self))

    def _run_out_of_time(self) -> None:
        for _ in range(ticks(self._limits.seconds)):
            engine().increment_epoch()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, wasmtime.Trap) and error.trap_code is wasmtime.TrapCode.INTERRUPT:
            return f"it ran for more than {seconds(self._limits.seconds)}"
        *_, last = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
        return "\n".join([f"it crashed: {last.removeprefix('wasm trap: ')}", *self.output[-5:]])

    # --- what a host offers ------------------------------------------------------------------

    def _host_function(self, wanted: wasmtime.ImportType) -> wasmtime.Func:
        type, name = wanted.type, wanted.name or ""
        assert isinstance(type, wasmtime.FuncType), "the runtime imports functions alone"
        function: Callable[..., Any]
        match name:
            case "console_log":
                function = self._console_log
            case "bytes_sink_write":
                function = self._bytes_sink_write
            case _:
                function = partial(_refuse, name, [str(result) for result in type.results])
        return wasmtime.Func(self._store, type, function)

    def _console_log(
        self, level: int, _t: int, _tl: int, _f: int, _fl: int, _line: int, message: int, length: int
    ) -> None:
        text = self._read(message, length).decode("utf-8", "replace")
        if level & 0xFF == TOLD:
            self.told |= marshal.loads(a2b_base64(text))  # noqa: S302 - from code that could run here
        else:
            self.output.append(text)

    def _bytes_sink_write(self, _sink: int, buffer: int, length_at: int) -> int:
        self._description += self._read(buffer, int.from_bytes(self._read(length_at, 4), "little"))
        return 0

    def _read(self, address: int, length: int) -> bytearray:
        """Addresses have 32 bits without a sign."""
        begin = address & 0xFFFFFFFF
        return self._memory.read(self._store, begin, begin + (length & 0xFFFFFFFF))


def _refuse(name: str, results: list[str], *_: int) -> int:
    """As a server does outside of a transaction, if the function can say so."""
    if results == ["i32"]:
        return Errno.NOT_IN_TRANSACTION
    raise wasmtime.Trap(f"{name} of the host is called while the module is built")
