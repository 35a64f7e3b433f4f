"""What takes the space in a program."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from stdbpy.wasm.binary import PAGE_BYTES, BinaryModule, SectionKind


@dataclass(frozen=True, slots=True)
class ModuleSizes:
    """Bytes of code, by the names of modules: of all that a program could have; and of the ``data`` that it has, by
    path."""

    library: Mapping[str, int]
    own: Mapping[str, int]
    dependencies: Mapping[str, int]
    data: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SizeReport:
    """Bytes. Of modules: of their code, or of the author's files as they are written; what Python makes of it when
    it is imported (functions, classes, tables) is in ``heap``, along with everything else that a program begins with.
    """

    total: int
    runtime_code: int
    """The interpreter's functions."""
    runtime_data: int
    """Its tables and constants."""
    library: Mapping[str, int]
    """Modules of the standard library, by name."""
    own: Mapping[str, int]
    """stdbpy's modules."""
    dependencies: Mapping[str, int]
    """Modules of other packages."""
    data: Mapping[str, int]
    """What other packages have beside their modules, by path."""
    files: Mapping[str, int]
    """The author's files, by path."""
    later: frozenset[str]
    """Which of these modules are not imported yet: functions import them."""
    memory: int
    """Of the program's memory when it starts, most of it zeros that are not in the file."""

    @property
    def heap(self) -> int:
        """What the rest of the program is."""
        modules = (self.library, self.own, self.dependencies, self.data, self.files)
        return self.total - self.runtime_code - self.runtime_data - sum(sum(sizes.values()) for sizes in modules)


def size_report(
    program: BinaryModule,
    runtime: BinaryModule,
    modules: ModuleSizes,
    files: Mapping[str, bytes],
    imported: Collection[str],
    later: Collection[str],
) -> SizeReport:
    """Of a program made from ``runtime``, with the ``modules`` that are ``imported`` and may be imported ``later``."""
    names = sorted({*imported, *later})
    data = program.size_of(SectionKind.DATA)
    total = len(program.write())
    end = max(segment.offset + len(segment.data) for segment in runtime.data)
    of_runtime = sum(len(segment.data) for segment in program.data if segment.offset < end)
    return SizeReport(
        total=total,
        runtime_code=total - data,
        runtime_data=of_runtime,
        library={name: modules.library[name] for name in names if name in modules.library},
        own={name: modules.own[name] for name in names if name in modules.own},
        dependencies={name: modules.dependencies[name] for name in names if name in modules.dependencies},
        data=modules.data,
        files={path: len(content) for path, content in sorted(files.items())},
        later=frozenset(later),
        memory=sum(memory.minimum for memory in program.memories) * PAGE_BYTES,
    )
