"""What goes into the wheel: the runtime and the library, compressed, and what must be said of them."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
from pathlib import Path

from runtime.compiling import BuildError
from runtime.fingerprint import HERE, fingerprint
from runtime.linked_program import LinkedProgram
from runtime.parts import docstrings, parts_of
from runtime.shim_program import MAX_MEMORY_BYTES
from runtime.sources import PYTHON, PYTHON_VERSION, ZIG_VERSION
from runtime.wasm_interpreter import C_RECURSION_LIMIT
from stdbpy.module.left_out import LEFT_OUT
from stdbpy.wasm.binary import BinaryModule, DataSegment, SectionKind, data_section

TARGET = HERE.parent / "stdbpy" / "wasm" / "runtime"

PROGRAM = "python.wasm"
LIBRARY = "stdlib.bin"
PARTS = "parts.json"
PREPARED = "prepared.bin.xz"

XZ = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}


def write_package_data(built: Path, linked: LinkedProgram, source: Path, zig: Path, target: Path) -> None:
    """From ``built``, with :data:`PROGRAM` and :data:`LIBRARY`; ``linked`` is the former, with its references."""
    target.mkdir(parents=True, exist_ok=True)
    program = _without_docstrings(BinaryModule.read((built / PROGRAM).read_bytes()), linked)
    files = {}
    for name, content in {PROGRAM: program, LIBRARY: (built / LIBRARY).read_bytes()}.items():
        files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        (target / f"{name}.xz").write_bytes(lzma.compress(content, format=lzma.FORMAT_XZ, filters=[XZ]))
    described = {
        "python": PYTHON_VERSION,
        "python_source_sha256": PYTHON.sha256,
        "zig": ZIG_VERSION,
        "fingerprint": fingerprint(),
        "files": files,
        "c_recursion_limit": C_RECURSION_LIMIT,
        "max_memory_bytes": MAX_MEMORY_BYTES,
        "left_out": LEFT_OUT,
    }
    (target / "runtime.json").write_text(json.dumps(described, indent=2) + "\n")
    (target / PARTS).write_text(json.dumps(parts_of(linked), separators=(",", ":")) + "\n")
    _write_licenses(source, zig, target / "licenses")


def _without_docstrings(program: BinaryModule, linked: LinkedProgram) -> bytes:
    data = program.data
    # With references, what is zeros has a segment as well.
    if linked.module.data[: len(data)] != data or linked.module.functions != program.functions:
        raise BuildError("the program with references is not the same as the one without")
    segments = {segment.offset: bytearray(segment.data) for segment in data}
    for address, size in docstrings(linked):
        [offset] = [place for place, content in segments.items() if place <= address < place + len(content)]
        begin = address - offset
        segments[offset][begin : begin + size] = bytes(size)
    section = data_section(DataSegment(offset, bytes(content)) for offset, content in segments.items())
    return program.with_sections({SectionKind.DATA: section}).write()


def _write_licenses(source: Path, zig: Path, folder: Path) -> None:
    """Of all that is linked into the runtime or is in the library."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    libc = zig.parent / "lib" / "libc"
    _copy(source / "LICENSE", folder / "python.txt")
    _copy(source / "Doc" / "license.rst", folder / "python-incorporated-software.txt")
    (folder / "hacl.txt").write_text(_first_comment(source / "Modules" / "_hacl" / "Hacl_Hash_SHA2.c"))
    _copy(libc / "wasi" / "LICENSE", folder / "wasi-libc.txt")
    _copy(libc / "wasi" / "LICENSE-APACHE-LLVM", folder / "wasi-libc-apache-llvm.txt")
    _copy(libc / "wasi" / "LICENSE-MIT", folder / "wasi-libc-mit.txt")
    _copy(libc / "wasi" / "libc-bottom-half" / "cloudlibc" / "LICENSE", folder / "cloudlibc.txt")
    _copy(libc / "musl" / "COPYRIGHT", folder / "musl.txt")
    _copy(zig.parent / "LICENSE", folder / "zig-compiler-rt.txt")
    (folder / "dlmalloc.txt").write_text(_first_comment(HERE / "third_party" / "dlmalloc.c").split("\n* Version")[0])


def _copy(path: Path, target: Path) -> None:
    target.write_bytes(path.read_bytes())


def _first_comment(path: Path) -> str:
    comment = path.read_text().split("/*", 1)[1].split("*/", 1)[0]
    return "\n".join(line.removeprefix(" * ").rstrip(" *") for line in comment.strip().splitlines()) + "\n"
