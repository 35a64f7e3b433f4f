"""``python -m runtime``: builds the runtime, and writes it into the package."""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from runtime.compiling import BuildError, Toolchain
from runtime.fingerprint import HERE
from runtime.native_interpreter import build_native
from runtime.package_data import LIBRARY, PROGRAM, TARGET, write_package_data
from runtime.prepared_runtime import write_prepared_runtime
from runtime.shim_program import link_program
from runtime.sources import PYTHON_VERSION, ZIG_VERSION, SourceError, install_zig
from runtime.wasm_interpreter import build_for_wasm

_COMPILING = ["-S", "-s", "-P", "-B", "-X", "no_debug_ranges"]
"""How Python compiles the library: without other packages, and without columns of a source that is not there."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m runtime", description=__doc__)
    parser.add_argument("--cache", type=Path, default=_default_cache(), help="where downloads and zig are kept")
    parser.add_argument("--builds", type=Path, help="where to build; the folder `builds` of the cache, if not given")
    parser.add_argument(
        "--out", type=Path, default=TARGET, help="where to write; the package's own folder, if not given"
    )
    options = parser.parse_args()
    cache = options.cache.absolute()
    builds = (options.builds or cache / "builds").absolute()
    try:
        _build(cache, builds, options.out.absolute())
    except (BuildError, SourceError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _build(cache: Path, builds: Path, out: Path) -> None:
    downloads = cache / "downloads"
    print(f"zig {ZIG_VERSION}", flush=True)
    zig = install_zig(cache / f"zig-{ZIG_VERSION}")
    toolchain = Toolchain(zig, builds / "bin", builds / "zig-cache")
    toolchain.write_programs()

    print(f"CPython {PYTHON_VERSION} for this machine", flush=True)
    recipe = ["sources.py", "native_interpreter.py"]
    native = _once(builds, "native", recipe, lambda folder: build_native(toolchain, downloads, folder))
    print(f"CPython {PYTHON_VERSION} for WebAssembly", flush=True)
    python = native / "build" / "python"
    recipe = ["sources.py", "compiling.py", "wasm_interpreter.py", "late_seeds.py"]
    compiled = _once(builds, "wasm", recipe, lambda folder: build_for_wasm(toolchain, downloads, folder, python))
    source, libraries = compiled / f"Python-{PYTHON_VERSION}", compiled / "build"

    print("library, shim, package data", flush=True)
    made = builds / "made"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir()
    compile_library = [str(python), *_COMPILING, str(HERE / "standard_library.py"), str(source / "Lib")]
    toolchain.run(
        [*compile_library, str(made / LIBRARY), str(made / "frozen_boot.h")],
        made,
        made / "log",
        {"PYTHONHASHSEED": "0"},
    )
    linked = link_program(toolchain, source, libraries, made, made / PROGRAM)
    write_package_data(made, linked, source, zig, out)
    print("the runtime with stdbpy in it", flush=True)
    write_prepared_runtime(out, cache=builds / "kept")
    for path in sorted(out.glob("*.xz")):
        print(f"{path.name}: {path.stat().st_size:,} bytes")


def _once(builds: Path, name: str, recipe: list[str], build: Callable[[Path], None]) -> Path:
    """A folder that ``build`` fills, if it has not done so since these files of the recipe changed."""
    key = hashlib.sha256(b"".join((HERE / file).read_bytes() for file in recipe)).hexdigest()[:12]
    folder = builds / f"{name}-{key}"
    finished = folder / "finished"
    if not finished.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        build(folder)
        finished.touch()
    return folder


def _default_cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "stdbpy-wasm-runtime"


if __name__ == "__main__":
    sys.exit(main())
