"""A disk that is free to lose whatever it was not told to keep.

What was written to a file may be there or not, each write by itself and each sector of 512 bytes by itself, until
an fsync of that file that began after the write has ended. What was made, renamed or deleted in a folder may have
happened up to any of these things, in their order, until an fsync of the folder: so it is on file systems with a
journal, and fsync of a file is not taken to keep its name.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.engine.power_cuts.system_calls import Call

SECTOR = 512

Survives = Callable[[], bool]


@dataclass(eq=False)
class File:
    kept: bytearray = field(default_factory=bytearray)
    pending: list[Write | Truncation] = field(default_factory=list)
    size: int = 0
    """As the process sees it."""

    def content(self, survives: Survives) -> bytes:
        content = bytearray(self.kept)
        for change in self.pending:
            change.do(content, survives)
        return bytes(content)


@dataclass(eq=False)
class Write:
    offset: int
    data: bytes

    def do(self, content: bytearray, survives: Survives) -> None:
        at = 0
        while at < len(self.data):
            # Up to the end of a sector of the file.
            size = SECTOR - (self.offset + at) % SECTOR
            if survives():
                piece = self.data[at : at + size]
                start = self.offset + at
                content.extend(bytes(max(0, start - len(content))))
                content[start : start + len(piece)] = piece
            at += size


@dataclass(eq=False)
class Truncation:
    size: int

    def do(self, content: bytearray, survives: Survives) -> None:
        if survives():
            del content[self.size :]
            content.extend(bytes(self.size - len(content)))


@dataclass(eq=False)
class Folder:
    kept: dict[str, File | Folder] = field(default_factory=dict)
    pending: list[dict[str, File | Folder | None]] = field(default_factory=list)
    """What each thing that happened made of some names; ``None`` is for a name that is gone."""

    @property
    def now(self) -> dict[str, File | Folder]:
        return self._after(len(self.pending))

    def _after(self, count: int) -> dict[str, File | Folder]:
        names: dict[str, File | Folder | None] = {**self.kept}
        for change in self.pending[:count]:
            names.update(change)
        return {name: thing for name, thing in names.items() if thing is not None}

    def keep(self, count: int) -> None:
        self.kept = self._after(count)
        del self.pending[:count]

    def write_to(self, path: Path, chance: random.Random, survives: Survives) -> None:
        count = sum(survives() for _ in self.pending)
        for name, thing in self._after(count).items():
            if isinstance(thing, Folder):
                (path / name).mkdir()
                thing.write_to(path / name, chance, survives)
            else:
                (path / name).write_bytes(thing.content(survives))


class Disk:
    """What is below the folder ``root``, which is there and empty when it begins."""

    def __init__(self, root: str) -> None:
        self._root = root
        self.top = Folder()
        self._syncing: dict[int, tuple[File | Folder, list[Write | Truncation], int]] = {}

    def see(self, call: Call) -> None:
        if call.has_ended:
            if call.name in ("fsync", "fdatasync"):
                self._synced(call)
            return
        match call.name:
            case "fsync" | "fdatasync" if (thing := self._found(call.path)) is not None:
                pending = list(thing.pending) if isinstance(thing, File) else []
                self._syncing[call.number] = thing, pending, len(thing.pending)
            case "openat" if "O_CREAT" in call.arguments or "O_TRUNC" in call.arguments:
                self._opened(call.strings[0].decode(), call.arguments)
            case "pwrite64" if isinstance(file := self._found(call.path), File):
                self._write(file, call.last_number, call.strings[0])
            case "write" if isinstance(file := self._found(call.path), File):
                # The number of the last confirmed change is always at the start, logs grow.
                self._write(file, 0 if call.path.endswith("-confirmed") else file.size, call.strings[0])
            case "ftruncate" if isinstance(file := self._found(call.path), File):
                file.pending.append(Truncation(call.last_number))
                file.size = call.last_number
            case "mkdir":
                self._change(call.strings[0].decode(), Folder())
            case "unlink" | "rmdir":
                self._change(call.strings[0].decode(), None)
            case "unlinkat":
                self._change(f"{call.path}/{call.strings[0].decode()}", None)
            case "mmap":
                writes = "PROT_WRITE" in call.arguments and "MAP_SHARED" in call.arguments
                assert not (writes and call.paths and self._is_inside(call.path)), "a file is written in memory"
            case "rename" | "renameat" | "renameat2" | "link" | "writev" | "pwritev" | "fallocate":
                seen = [*call.paths, *(text.decode(errors="replace") for text in call.strings)]
                assert not any(map(self._is_inside, seen)), f"this model of a disk knows no {call.name}"

    def _synced(self, call: Call) -> None:
        if call.number not in self._syncing:
            return
        thing, done, count = self._syncing.pop(call.number)
        if isinstance(thing, Folder):
            thing.keep(count)
            return
        for change in done:
            if change in thing.pending:
                change.do(thing.kept, lambda: True)
                thing.pending.remove(change)

    def _write(self, file: File, offset: int, data: bytes) -> None:
        file.pending.append(Write(offset, data))
        file.size = max(file.size, offset + len(data))

    def _opened(self, path: str, flags: str) -> None:
        if not self._is_inside(path):
            return
        file = self._found(path)
        if file is None:
            self._change(path, File())
        elif "O_TRUNC" in flags and isinstance(file, File):
            file.pending.append(Truncation(0))
            file.size = 0

    def _is_inside(self, path: str) -> bool:
        return path.startswith(f"{self._root}/")

    def _found(self, path: str) -> File | Folder | None:
        if path == self._root:
            return self.top
        if not self._is_inside(path):
            return None
        thing: File | Folder | None = self.top
        for name in path[len(self._root) + 1 :].split("/"):
            if not isinstance(thing, Folder):
                return None
            thing = thing.now.get(name)
        return thing

    def _change(self, path: str, thing: File | Folder | None) -> None:
        if not self._is_inside(path):
            return
        parent, _, name = path.rpartition("/")
        folder = self._found(parent)
        if isinstance(folder, Folder) and (thing is not None or name in folder.now):
            if isinstance(thing, Folder) and name in folder.now:
                return  # it could not be made: it is there
            folder.pending.append({name: thing})
