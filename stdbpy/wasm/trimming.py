"""The runtime for servers of an older ABI: without the host functions that they lack.

A module's imports are looked for when it is published, whether it calls them or not, so each must be one that the
server has. The runtime imports those of all levels. It calls one above 10.0 in a function of its own, which is
exported as ``abi 10.5 datastore_clear``: there it can be cut off without looking at any other code.
"""

from __future__ import annotations

import re

from stdbpy.errors import DecodeError
from stdbpy.wasm.binary import (
    BinaryModule,
    ExternalKind,
    FunctionType,
    Import,
    Reader,
    SectionKind,
    ValueType,
    code_section,
    import_section,
)

ABI_EXPORT = re.compile(r"abi 10\.(\d+) (\w+)")
"""The names of the functions that alone call a host function above level 10.0."""

_ABI_MODULE = re.compile(r"spacetime_10\.(\d+)")

_NO_LOCALS, _END = b"\x00", b"\x0b"
_UNREACHABLE = _NO_LOCALS + b"\x00" + _END
_HOST_CALL_FAILURE = _NO_LOCALS + b"\x41\x01" + _END
"""Returns errno 1."""


def trimmed(runtime: BinaryModule, level: int) -> BinaryModule:
    """``runtime`` for hosts of ``spacetime_10.<level>``, with the same numbers of functions.

    Imports above the level become imports of another function, of 10.0, and what called them fails.
    Raises ``DecodeError`` if the runtime does not say what calls them.
    """
    imports = runtime.imports
    functions = [index for index, each in enumerate(imports) if each.kind == ExternalKind.FUNCTION]
    dropped = {index for index in functions if _level_of(imports[index]) > level}
    if not dropped:
        return runtime
    callers = _callers(runtime, level)
    missing = sorted({imports[index].name for index in dropped} - callers.keys())
    if missing:
        raise DecodeError(f"the runtime does not say which function calls {missing[0]}")
    types, types_of_functions, bodies = runtime.types, runtime.functions, runtime.bodies
    for caller in callers.values():
        body = caller - len(functions)
        bodies[body] = _failing(types[types_of_functions[body]])
    always_there = [imports[index] for index in functions if _level_of(imports[index]) == 0]
    # Should anything else call what is dropped, it has too few arguments: the module is not valid any more.
    substitute = max(always_there, key=lambda each: len(types[_type_number(each)].parameters))
    kept = [substitute if index in dropped else each for index, each in enumerate(imports)]
    return runtime.with_sections({SectionKind.IMPORT: import_section(kept), SectionKind.CODE: code_section(bodies)})


def _level_of(wanted: Import) -> int:
    match = _ABI_MODULE.fullmatch(wanted.module)
    if match is None:
        raise DecodeError(f"the runtime imports {wanted.name} from {wanted.module!r}, which is no level of the ABI")
    return int(match[1])


def _callers(runtime: BinaryModule, level: int) -> dict[str, int]:
    """The number of the function that calls a host function, by the latter's name."""
    named = [(ABI_EXPORT.fullmatch(each.name), each.index) for each in runtime.exports]
    return {match[2]: index for match, index in named if match is not None and int(match[1]) > level}


def _failing(type: FunctionType) -> bytes:
    return _HOST_CALL_FAILURE if type.results == (ValueType.I32,) else _UNREACHABLE


def _type_number(function: Import) -> int:
    return Reader(function.type, "the type of an import").unsigned()
