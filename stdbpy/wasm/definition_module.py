"""A WebAssembly module that does nothing but hand out a definition, made without a compiler.

The official program reads the definition of a module in any language out of such a file
(``spacetime generate --bin-path``), and a server takes it: every call of a reducer, view or procedure
succeeds and does nothing.

What SpacetimeDB asks of a module is in ``crates/core/src/host/wasm_common.rs``: an exported memory,
``__describe_module__``, which writes the definition into a sink of the host's, and ``__call_reducer__``.
"""

from __future__ import annotations

import struct

from stdbpy.wasm.binary import (
    PAGE_BYTES,
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
_LENGTH_AT, _DEFINITION_AT = 8, 16  # 0 would be a null pointer

_SINK_WRITE, _DESCRIBE, _CALL_REDUCER = range(3)
"""The numbers of the functions, and of their types."""

_TYPES = {
    _SINK_WRITE: FunctionType((_I32, _I32, _I32), (_I32,)),
    _DESCRIBE: FunctionType((_I32,), ()),
    # id, sender (4), connection (2), timestamp, arguments, error
    _CALL_REDUCER: FunctionType((_I32, *[_I64] * 7, _I32, _I32), (_I32,)),
}
_IMPORT = Import("spacetime_10.0", "bytes_sink_write", ExternalKind.FUNCTION, unsigned(_SINK_WRITE))
_EXPORTS = [
    Export("memory", ExternalKind.MEMORY, 0),
    Export("__describe_module__", ExternalKind.FUNCTION, _DESCRIBE),
    Export("__call_reducer__", ExternalKind.FUNCTION, _CALL_REDUCER),
]
_NO_LOCALS, _END = b"\x00", b"\x0b"
_WRITE_TO_SINK = b"".join(
    [
        _NO_LOCALS,
        b"\x20\x00",  # local.get 0: the sink
        b"\x41" + signed(_DEFINITION_AT),  # i32.const
        b"\x41" + signed(_LENGTH_AT),
        b"\x10" + unsigned(_SINK_WRITE),  # call
        b"\x1a",  # drop
        _END,
    ]
)
_SUCCEED = _NO_LOCALS + b"\x41\x00" + _END  # i32.const 0


def definition_module(definition: bytes) -> bytes:
    """The bytes of a ``.wasm`` that hands out ``definition``, which is that of
    :func:`~stdbpy.schema.definition.write_module_def`."""
    memory = struct.pack("<8xI4x", len(definition)) + definition
    sections = {
        SectionKind.TYPE: type_section(_TYPES.values()),
        SectionKind.IMPORT: import_section([_IMPORT]),
        SectionKind.FUNCTION: function_section([_DESCRIBE, _CALL_REDUCER]),
        SectionKind.MEMORY: memory_section([Memory(len(memory) // PAGE_BYTES + 1)]),
        SectionKind.EXPORT: export_section(_EXPORTS),
        SectionKind.CODE: code_section([_WRITE_TO_SINK, _SUCCEED]),
        SectionKind.DATA: data_section([DataSegment(0, memory)]),
    }
    return BinaryModule(tuple(Section(kind, content) for kind, content in sections.items())).write()
