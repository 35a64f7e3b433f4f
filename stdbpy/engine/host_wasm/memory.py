"""The memory of a WebAssembly instance, as its host reads and writes it.

Pointers and lengths come from the guest and are taken for nothing more than numbers: what does not lie wholly inside
of the memory raises :class:`BadPointerError`, which ends the guest's call.
"""

from __future__ import annotations

from ctypes import addressof, memmove, string_at

import wasmtime


class BadPointerError(Exception):
    """A guest named bytes that are not there, or text that is none."""


class GuestMemory:
    """The exported memory of one instance. It only ever grows, and stays where it is (see :mod:`runtime`)."""

    __slots__ = ("_base", "_memory", "_size", "_store")

    def __init__(self, store: wasmtime.Store, memory: wasmtime.Memory) -> None:
        self._store = store
        self._memory = memory
        self._size = memory.data_len(store)
        self._base = addressof(memory.data_ptr(store).contents) if self._size else 0

    @property
    def size(self) -> int:
        """Bytes."""
        self._size = self._memory.data_len(self._store)
        return self._size

    def _address(self, pointer: int, length: int) -> int:
        if pointer == 0:
            raise BadPointerError("a null pointer was passed to the host")
        if pointer + length > self._size and pointer + length > self.size:
            raise BadPointerError("a pointer out of bounds was passed to the host")
        if not self._base:
            self._base = addressof(self._memory.data_ptr(self._store).contents)
        return self._base + pointer

    def read(self, pointer: int, length: int) -> bytes:
        return string_at(self._address(pointer, length), length)

    def write(self, pointer: int, data: bytes) -> None:
        memmove(self._address(pointer, len(data)), data, len(data))

    def expect(self, pointer: int, length: int) -> None:
        """Raises for bytes that could not be written."""
        self._address(pointer, length)

    def read_u32(self, pointer: int) -> int:
        return int.from_bytes(string_at(self._address(pointer, 4), 4), "little")

    def write_u32(self, pointer: int, number: int) -> None:
        memmove(self._address(pointer, 4), number.to_bytes(4, "little"), 4)

    def write_u64(self, pointer: int, number: int) -> None:
        memmove(self._address(pointer, 8), number.to_bytes(8, "little"), 8)

    def read_text(self, pointer: int, length: int) -> str:
        """Text, which must be UTF-8."""
        try:
            return self.read(pointer, length).decode()
        except UnicodeDecodeError:
            raise BadPointerError("text that is not UTF-8 was passed to the host") from None

    def read_any_text(self, pointer: int, length: int) -> str:
        """Text; what is not UTF-8 is replaced."""
        return self.read(pointer, length).decode(errors="replace")
