"""A runtime in which stdbpy has been imported, and no module yet: what it consists of beside the runtime itself.

``make wasm-runtime`` writes it (``runtime/prepared_runtime.py``).
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

from stdbpy.errors import DecodeError
from stdbpy.wasm.binary import PAGE_BYTES, BinaryModule

_MARSHAL_VERSION = 2  # which all versions of Python read, and the same values are the same bytes in


@dataclass(frozen=True, slots=True)
class PreparedRuntime:
    key: str
    """Of the code that is in it: :func:`stdbpy.wasm.inside_code.inside_key`."""
    changes: bytes
    """Of memory, against what the runtime's data make of it: the exclusive or of both, without zeros at the end."""
    pages: int
    """Of memory."""
    appended_at: int
    """Where in memory it looks for the address and the length of what to import."""
    level_at: int
    """Where in memory the level of the ABI is."""
    library: frozenset[str]
    """All modules of the standard library."""
    own: Mapping[str, int]
    """stdbpy's modules, and how much code they are."""
    imported: frozenset[str]
    """Which of both have been imported."""
    present: frozenset[str]
    """Which are there."""
    not_imported: frozenset[str]
    """Modules in the runtime itself that have not been."""
    used_up: frozenset[str]
    """Modules frozen into the runtime, of which nothing is needed any more."""
    at_import: Mapping[str, list[str]]
    in_functions: Mapping[str, list[str]]
    """As in :class:`stdbpy.wasm.inside_code.InsideCode`."""

    def write(self) -> bytes:
        values = {
            name: sorted(value) if isinstance(value, frozenset) else value for name, value in asdict(self).items()
        }
        return marshal.dumps(values, _MARSHAL_VERSION)

    @classmethod
    def read(cls, written: bytes) -> PreparedRuntime:
        """Raises ``DecodeError``."""
        try:
            values = marshal.loads(written)  # noqa: S302 - stdbpy's own data
            named = {field.name: values[field.name] for field in fields(cls)}
        except (EOFError, KeyError, TypeError, ValueError) as error:
            raise DecodeError(f"that is no runtime prepared by stdbpy: {error}") from None
        for name in ("library", "imported", "present", "not_imported", "used_up"):
            named[name] = frozenset(named[name])
        return cls(**named)


def changes_of(runtime: BinaryModule, memory: bytes | bytearray) -> bytes:
    """How ``memory`` differs from what it begins as in ``runtime``: most of what that has never changes."""
    return _exclusive_or(_at_start(runtime, len(memory)), memory).rstrip(b"\0")


def changed_memory(runtime: BinaryModule, changes: bytes, pages: int) -> bytes:
    """The memory, with these changes."""
    size = pages * PAGE_BYTES
    return _exclusive_or(_at_start(runtime, size), changes.ljust(size, b"\0"))


def _at_start(runtime: BinaryModule, size: int) -> bytes:
    memory = bytearray(size)
    for segment in runtime.data:
        memory[segment.offset : segment.offset + len(segment.data)] = segment.data
    return bytes(memory)


def _exclusive_or(left: bytes, right: bytes | bytearray) -> bytes:
    return (int.from_bytes(left, "little") ^ int.from_bytes(right, "little")).to_bytes(len(left), "little")
