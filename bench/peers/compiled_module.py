"""The least that a compiler can make of a module that computes: WebAssembly written by hand, so that nobody needs one.

Its one reducer takes two numbers, ``most`` (u32) and ``expected`` (u64), counts what :func:`collatz_steps` counts, and
fails unless that is what was expected.
"""

from __future__ import annotations

import struct

from stdbpy.wasm.binary import (
    BinaryModule,
    DataSegment,
    Export,
    ExternalKind,
    FunctionType,
    Import,
    Memory,
    Section,
    SectionKind,
    ValueType,
    code_section,
    data_section,
    export_section,
    function_section,
    import_section,
    memory_section,
    signed,
    type_section,
    unsigned,
)

_I32, _I64 = ValueType.I32, ValueType.I64
_LENGTH_AT, _ARGUMENTS_AT, _DEFINITION_AT = 8, 16, 32
_ARGUMENTS_BYTES = 12

_TRANSFER, _DESCRIBE, _CALL_REDUCER = range(3)
"""The numbers of the types of functions."""

_TYPES = {
    _TRANSFER: FunctionType((_I32, _I32, _I32), (_I32,)),
    _DESCRIBE: FunctionType((_I32,), ()),
    # id, sender (4), connection (2), timestamp, arguments, error
    _CALL_REDUCER: FunctionType((_I32, *[_I64] * 7, _I32, _I32), (_I32,)),
}
_IMPORTS = ("bytes_sink_write", "bytes_source_read")
_ARGUMENTS_PARAMETER = 8
_X, _STEPS, _NUMBER, _MOST = 10, 11, 12, 13
"""The numbers of locals, behind the parameters: three of 64 bits, and one more."""


def collatz_steps(most: int) -> int:
    """How often all numbers from 2 to ``most`` are halved, or tripled and increased, until they are 1."""
    steps = 0
    for number in range(2, most + 1):
        while number != 1:
            number = 3 * number + 1 if number & 1 else number >> 1
            steps += 1
    return steps


def compiled_module(definition: bytes) -> bytes:
    """The program; ``definition`` says what the reducer is called."""
    memory = struct.pack("<8xI20x", len(definition)) + definition
    imports = [Import("spacetime_10.0", name, ExternalKind.FUNCTION, unsigned(_TRANSFER)) for name in _IMPORTS]
    first = len(imports)
    exports = [
        Export("memory", ExternalKind.MEMORY, 0),
        Export("__describe_module__", ExternalKind.FUNCTION, first),
        Export("__call_reducer__", ExternalKind.FUNCTION, first + 1),
    ]
    sections = {
        SectionKind.TYPE: type_section(_TYPES.values()),
        SectionKind.IMPORT: import_section(imports),
        SectionKind.FUNCTION: function_section([_DESCRIBE, _CALL_REDUCER]),
        SectionKind.MEMORY: memory_section([Memory(1)]),
        SectionKind.EXPORT: export_section(exports),
        SectionKind.CODE: code_section([_DESCRIPTION, _COLLATZ]),
        SectionKind.DATA: data_section([DataSegment(0, memory)]),
    }
    return BinaryModule(tuple(Section(kind, content) for kind, content in sections.items())).write()


def _get(local: int) -> bytes:
    return b"\x20" + unsigned(local)


def _set(local: int) -> bytes:
    return b"\x21" + unsigned(local)


def _int(number: int) -> bytes:
    return b"\x41" + signed(number)


def _long(number: int) -> bytes:
    return b"\x42" + signed(number)


_EQUAL, _NOT_EQUAL, _GREATER = b"\x51", b"\x52", b"\x56"
_ADD, _MULTIPLY, _AND, _SHIFT_RIGHT = b"\x7c", b"\x7e", b"\x83", b"\x88"
_BLOCK, _LOOP, _IF_LONG, _ELSE, _END = b"\x02\x40", b"\x03\x40", b"\x04\x7e", b"\x05", b"\x0b"
_BRANCH, _BRANCH_IF, _DROP, _NARROW = b"\x0c", b"\x0d", b"\x1a", b"\xa7"


def _call(function: int) -> bytes:
    return b"\x10" + unsigned(function)


def _load_long(at: int) -> bytes:
    return _int(at) + b"\x29\x02\x00"


def _store_int(at: int, number: int) -> bytes:
    return _int(at) + _int(number) + b"\x36\x02\x00"


_DESCRIPTION = b"\x00" + _get(0) + _int(_DEFINITION_AT) + _int(_LENGTH_AT) + _call(0) + _DROP + _END
_COLLATZ = b"".join(
    [
        unsigned(1) + unsigned(4) + bytes([_I64]),
        _store_int(_LENGTH_AT, _ARGUMENTS_BYTES),
        _get(_ARGUMENTS_PARAMETER) + _int(_ARGUMENTS_AT) + _int(_LENGTH_AT) + _call(1) + _DROP,
        _load_long(_ARGUMENTS_AT) + _long(0xFFFFFFFF) + _AND + _set(_MOST),
        _long(2) + _set(_NUMBER),
        _BLOCK,
        _LOOP,
        _get(_NUMBER) + _get(_MOST) + _GREATER + _BRANCH_IF + unsigned(1),
        _get(_NUMBER) + _set(_X),
        _BLOCK,
        _LOOP,
        _get(_X) + _long(1) + _EQUAL + _BRANCH_IF + unsigned(1),
        _get(_X) + _long(1) + _AND + _NARROW + _IF_LONG,
        _get(_X) + _long(3) + _MULTIPLY + _long(1) + _ADD,
        _ELSE,
        _get(_X) + _long(1) + _SHIFT_RIGHT,
        _END + _set(_X),
        _get(_STEPS) + _long(1) + _ADD + _set(_STEPS),
        _BRANCH + unsigned(0),
        _END + _END,
        _get(_NUMBER) + _long(1) + _ADD + _set(_NUMBER),
        _BRANCH + unsigned(0),
        _END + _END,
        _get(_STEPS) + _load_long(_ARGUMENTS_AT + 4) + _NOT_EQUAL + _END,  # the result: 1 is failure
    ]
)
