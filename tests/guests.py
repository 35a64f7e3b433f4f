"""WebAssembly modules for one case each, written by hand: their reducers make the calls of host functions that a
case is about, and tell what came of them in the error that they return.

>>> source = '''
... @table(name="person")
... class Person:
...     id: u64
...
... @reducer
... def probe(ctx: ReducerContext) -> None: ...
... '''
>>> program = guest(source, {"probe": [("table_id_from_name", Data(b"nobody"), OUT)]})

Calling ``probe`` of this module is answered ``4 ``: ``NO_SUCH_TABLE``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import wasmtime

from stdbpy.engine.host_wasm.signatures import CALL_REDUCER, EXPORTS, IMPORTS
from stdbpy.engine.programs import load_program
from stdbpy.module.package import ModuleSource, pack
from stdbpy.schema.definition import Version, write_module_def

_HEAD = """
from collections.abc import Sequence

from stdbpy import ReducerContext, ScheduleAt, TaggedUnion, ViewContext, column, reducer, table, view
from stdbpy import f32, i8, i32, i64, u8, u16, u32, u64, u128

"""

OUT = 1024
"""Where results of host functions can be written: 1024 bytes, and more behind :data:`ROOM`."""

ROOM = 2048
"""2048 bytes for rows and the like."""

_DATA = 8192
_TYPES = {"i": "i32", "I": "i64"}


@dataclass(frozen=True)
class Data:
    """An address and a length: those of these bytes."""

    content: bytes


@dataclass(frozen=True)
class Load:
    """The number (a u32) that stands at an address when the step comes."""

    address: int


@dataclass(frozen=True)
class Size:
    """The address of a u32 with this number."""

    number: int


ERROR, ARGS = "(local.get $error)", "(local.get $args)"
"""The sink and the source that a call comes with."""

Argument = int | str | Data | Load | Size

Step = tuple[str | Argument, ...] | str
"""A host function and its arguments, the number that it returns is told; or one of

``("store", address, number)``, ``("copy", address, Data(...))``, ``("tell", number)``, and any other code, which
leaves nothing on the stack."""


def guest(
    source: str,
    reducers: Mapping[str, Sequence[Step]] | None = None,
    *,
    version: Version = 10,
    ends_with: int = 1,
    more: str = "",
    pages: int = 4,
) -> bytes:
    """A module with the declarations of ``source``. Its reducers do the steps of their names, and return
    ``ends_with``; those that have none succeed. ``more`` is text that stands in the module, too."""
    schema = load_program(_package(source)).schema
    names = [reducer.source_name for reducer in schema.reducers]
    return _compiled(write_module_def(schema, version), dict(reducers or {}), names, ends_with, more, pages)


def _package(source: str) -> bytes:
    return pack(ModuleSource({"case.py": (_HEAD + source).encode()}, "case", None))


def _compiled(
    declared: bytes, steps: dict[str, Sequence[Step]], names: list[str], ends_with: int, more: str, pages: int
) -> bytes:
    data = _DataSection()
    told = f"(i32.const {data.put(declared)}) {data.args(Size(len(declared)))}"
    describe = f"(drop (call $bytes_sink_write (local.get $sink) {told}))"
    functions = [
        f"(func $r{number} (param $args i32) (param $error i32) (result i32)\n"
        + "\n".join(data.code(step) for step in steps.get(name, ()))
        + f"\n(i32.const {ends_with if name in steps else 0}))"
        for number, name in enumerate(names)
    ]
    dispatch = "\n".join(
        f"(if (i32.eq (local.get 0) (i32.const {number})) (then"
        f" (return (call $r{number} (local.get 8) (local.get 9)))))"
        for number in range(len(names))
    )
    text = f"""(module
{_imports(steps, more)}
(memory (export "memory") {pages})
{_TELL}
(func (export "__describe_module__") (param $sink i32) {describe})
(func (export "{CALL_REDUCER}") {_parameters(EXPORTS[CALL_REDUCER])}
{dispatch}
(i32.const 0))
{chr(10).join(functions)}
{more}
{data.text}
)"""
    return bytes(wasmtime.wat2wasm(text))


def _imports(steps: dict[str, Sequence[Step]], more: str) -> str:
    used = {step[0] for each in steps.values() for step in each if isinstance(step, tuple)} | {"bytes_sink_write"}
    return "\n".join(
        f'(import "{module}" "{name}" (func ${name} {_parameters(letters)}))'
        for module, functions in IMPORTS.items()
        for name, letters in functions.items()
        if name in used or f"${name}" in more or any(f"${name}" in step for each in steps.values() for step in each)
    )


def _parameters(letters: str) -> str:
    parameters, results = letters.split(":")
    takes = " ".join(_TYPES[letter] for letter in parameters)
    gives = " ".join(_TYPES[letter] for letter in results)
    return (f"(param {takes})" if takes else "") + (f" (result {gives})" if gives else "")


class _DataSection:
    """The bytes that the steps name."""

    def __init__(self) -> None:
        self._next = _DATA
        self.text = ""

    def put(self, content: bytes) -> int:
        address = self._next
        escaped = "".join(f"\\{byte:02x}" for byte in content)
        self.text += f'(data (i32.const {address}) "{escaped}")\n'
        self._next += (len(content) + 15) // 8 * 8
        return address

    def args(self, argument: Argument) -> str:
        match argument:
            case Data(content):
                return f"(i32.const {self.put(content)}) (i32.const {len(content)})"
            case Load(address):
                return f"(i32.load (i32.const {address}))"
            case Size(number):
                return f"(i32.const {self.put(number.to_bytes(4, 'little'))})"
            case int():
                return f"(i32.const {argument})"
        return argument

    def code(self, step: Step) -> str:
        if isinstance(step, str):
            return step
        name, *arguments = step
        if name == "copy":
            return f"(memory.copy (i32.const {arguments[0]}) {self.args(arguments[1])})"
        given = " ".join(self.args(argument) for argument in arguments)
        if name == "store":
            return f"(i32.store {given})"
        if name == "tell":
            return f"(call $tell (local.get $error) {given})"
        letters = next(functions[str(name)] for functions in IMPORTS.values() if name in functions)
        call = f"(call ${name} {given})"
        if letters.endswith(":"):
            return call
        return f"(call $tell (local.get $error) {f'(i32.wrap_i64 {call})' if letters.endswith('I') else call})"


_TELL = """
;; Writes a number with a sign, and a blank, into a sink.
(func $tell (param $sink i32) (param $number i32) (local $at i32) (local $rest i32)
  (local.set $at (i32.const 1000))
  (i32.store8 (local.get $at) (i32.const 32))
  (local.set $rest (select (i32.sub (i32.const 0) (local.get $number)) (local.get $number)
                           (i32.lt_s (local.get $number) (i32.const 0))))
  (loop $digits
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $rest) (i32.const 10))))
    (local.set $rest (i32.div_u (local.get $rest) (i32.const 10)))
    (br_if $digits (local.get $rest)))
  (if (i32.lt_s (local.get $number) (i32.const 0)) (then
    (local.set $at (i32.sub (local.get $at) (i32.const 1)))
    (i32.store8 (local.get $at) (i32.const 45))))
  (i32.store (i32.const 1016) (i32.sub (i32.const 1001) (local.get $at)))
  (drop (call $bytes_sink_write (local.get $sink) (local.get $at) (i32.const 1016))))
"""
