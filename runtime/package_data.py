"""What goes into the wheel: the runtime and the library, compressed, and what must be said of them."""

from __future__ import annotations

import hashlib
import json
import lzma
import shutil
from pathlib import Path

from runtime.fingerprint import HERE, fingerprint
from runtime.shim_program import MAX_MEMORY_BYTES
from runtime.sources import PYTHON, PYTHON_VERSION, ZIG_VERSION
from runtime.wasm_interpreter import C_RECURSION_LIMIT
from stdbpy.module.left_out import LEFT_OUT

TARGET = HERE.parent / "stdbpy" / "wasm" / "runtime"

PROGRAM = "python.wasm"
LIBRARY = "stdlib.bin"

_XZ = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME}


def write_package_data(built: Path, source: Path, zig: Path, target: Path) -> None:
    """From ``built``, with :data:`PROGRAM` and :data:`LIBRARY`."""
    target.mkdir(parents=True, exist_ok=True)
    files = {}
    for name in (PROGRAM, LIBRARY):
        content = (built / name).read_bytes()
        files[name] = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        (target / f"{name}.xz").write_bytes(lzma.compress(content, format=lzma.FORMAT_XZ, filters=[_XZ]))
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
    _write_licenses(source, zig, target / "licenses")


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
    _copy(libc / "musl" / "COPYRIGHT", folder / "musl.txt")
    _copy(zig.parent / "LICENSE", folder / "zig-compiler-rt.txt")
    (folder / "dlmalloc.txt").write_text(_first_comment(HERE / "third_party" / "dlmalloc.c").split("\n* Version")[0])


def _copy(path: Path, target: Path) -> None:
    target.write_bytes(path.read_bytes())


def _first_comment(path: Path) -> str:
    comment = path.read_text().split("/*", 1)[1].split("*/", 1)[0]
    return "\n".join(line.removeprefix(" * ").rstrip(" *") for line in comment.strip().splitlines()) + "\n"
