"""CPython for this machine, of the same version: it compiles the library, and the build for WebAssembly needs it."""

from __future__ import annotations

from pathlib import Path

from runtime.compiling import JOBS, Toolchain
from runtime.sources import unpack_python


def build_native(toolchain: Toolchain, downloads: Path, folder: Path) -> None:
    """``build/python`` below ``folder``: of this machine, with no more than compiling Python sources needs."""
    source = unpack_python(downloads, folder)
    build, log = folder / "build", folder / "log"
    build.mkdir()
    flags = [f"CC={toolchain.program('native-cc')}", f"AR={toolchain.program('ar')}", "OPT="]
    flags += ["CFLAGS=-O1 -g0 -fno-sanitize=undefined"]
    options = ["--disable-test-modules", "--without-ensurepip", "--with-pkg-config=no", "--without-mimalloc"]
    toolchain.run([f"../{source.name}/configure", "-q", *flags, *options], build, log)
    toolchain.run(["make", f"-j{JOBS}", "python", "pybuilddir.txt"], build, log)
