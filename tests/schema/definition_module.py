"""A WebAssembly module that hands out any definition, made without a compiler.

It exports what SpacetimeDB asks of a module (``__describe_module__``, ``__call_reducer__``, a
memory); every call of a reducer, view or procedure succeeds and does nothing. So a real server can be
asked what it makes of a definition.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

_I32, _I64 = 0x7F, 0x7E
_LENGTH_AT, _DEFINITION_AT = 8, 16  # 0 would be a null pointer
_PAGE = 65536

_TYPES = {
    "sink_write": ([_I32, _I32, _I32], [_I32]),
    "describe": ([_I32], []),
    # id, sender (4), connection (2), timestamp, arguments, error
    "call_reducer": ([_I32, *[_I64] * 7, _I32, _I32], [_I32]),
}


def module_with(definition: bytes) -> bytes:
    """The bytes of a ``.wasm`` whose ``__describe_module__`` writes ``definition`` to its sink."""
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
    return b"".join(
        [
            b"\0asm\1\0\0\0",
            _section(
                1,
                _vector(
                    b"\x60" + _vector(map(_byte, ins)) + _vector(map(_byte, outs)) for ins, outs in _TYPES.values()
                ),
            ),
            _section(2, _vector([_name("spacetime_10.0") + _name("bytes_sink_write") + b"\x00\x00"])),
            _section(3, _vector([b"\x01", b"\x02"])),
            _section(5, _vector([b"\x00" + _unsigned(pages)])),
            _section(
                7,
                _vector(
                    [
                        _name("memory") + b"\x02\x00",
                        _name("__describe_module__") + b"\x00\x01",
                        _name("__call_reducer__") + b"\x00\x02",
                    ]
                ),
            ),
            _section(10, _vector([_body(b"".join(write_to_sink)), _body(succeed)])),
            _section(11, _vector([b"\x00\x41\x00\x0b" + _unsigned(len(memory)) + memory])),
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
