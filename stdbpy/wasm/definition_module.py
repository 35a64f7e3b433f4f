"""A WebAssembly module that does nothing but hand out a definition, made without a compiler.

The official program reads the definition of a module in any language out of such a file
(``spacetime generate --bin-path``), and a server takes it: every call of a reducer, view or procedure
succeeds and does nothing.

Source of the format: the WebAssembly specification, release 2.0, section 5 (binary format). What
SpacetimeDB asks of a module is in ``crates/core/src/host/wasm_common.rs``: an exported memory,
``__describe_module__``, which writes the definition into a sink of the host's, and ``__call_reducer__``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_I32, _I64 = 0x7F, 0x7E
_LENGTH_AT, _DEFINITION_AT = 8, 16  # 0 would be a null pointer
_PAGE = 65536

_TYPES = {
    "bytes_sink_write": ([_I32, _I32, _I32], [_I32]),
    "__describe_module__": ([_I32], []),
    # id, sender (4), connection (2), timestamp, arguments, error
    "__call_reducer__": ([_I32, *[_I64] * 7, _I32, _I32], [_I32]),
}
_TYPE, _IMPORT, _FUNCTION, _MEMORY, _EXPORT, _CODE, _DATA = 1, 2, 3, 5, 7, 10, 11
"""The numbers of sections."""


def definition_module(definition: bytes) -> bytes:
    """The bytes of a ``.wasm`` that hands out ``definition``, which is that of
    :func:`~stdbpy.schema.definition.write_module_def`."""
    memory = struct.pack("<8xI4x", len(definition)) + definition
    pages = len(memory) // _PAGE + 1
    write_to_sink = [
        b"\x20\x00",  # local.get 0: the sink
        b"\x41" + _signed(_DEFINITION_AT),  # i32.const
        b"\x41" + _signed(_LENGTH_AT),
        b"\x10\x00",  # call bytes_sink_write
        b"\x1a",  # drop
    ]
    succeed = b"\x41\x00"
    types = (b"\x60" + _vector(map(_byte, ins)) + _vector(map(_byte, outs)) for ins, outs in _TYPES.values())
    exports = [
        _name("memory") + b"\x02\x00",
        _name("__describe_module__") + b"\x00\x01",
        _name("__call_reducer__") + b"\x00\x02",
    ]
    return b"".join(
        [
            b"\0asm\1\0\0\0",
            _section(_TYPE, _vector(types)),
            _section(_IMPORT, _vector([_name("spacetime_10.0") + _name("bytes_sink_write") + b"\x00\x00"])),
            _section(_FUNCTION, _vector([b"\x01", b"\x02"])),
            _section(_MEMORY, _vector([b"\x00" + _unsigned(pages)])),
            _section(_EXPORT, _vector(exports)),
            _section(_CODE, _vector([_body(b"".join(write_to_sink)), _body(succeed)])),
            _section(_DATA, _vector([b"\x00\x41\x00\x0b" + _unsigned(len(memory)) + memory])),
        ]
    )


def _section(number: int, content: bytes) -> bytes:
    return _byte(number) + _unsigned(len(content)) + content


def _body(code: bytes) -> bytes:
    code = b"\x00" + code + b"\x0b"  # no locals, …, end
    return _unsigned(len(code)) + code


def _vector(items: Iterable[bytes]) -> bytes:
    items = list(items)
    return _unsigned(len(items)) + b"".join(items)


def _name(text: str) -> bytes:
    return _unsigned(len(text)) + text.encode()


def _byte(number: int) -> bytes:
    return bytes([number])


def _unsigned(number: int) -> bytes:
    """LEB128."""
    encoded = b""
    while number > 0x7F:
        encoded += _byte(number & 0x7F | 0x80)
        number >>= 7
    return encoded + _byte(number)


def _signed(number: int) -> bytes:
    """LEB128 of a small positive number."""
    assert 0 <= number < 0x40
    return _byte(number)
