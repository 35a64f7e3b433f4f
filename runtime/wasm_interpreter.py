"""CPython as a library for WebAssembly."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from runtime.compiling import JOBS, BuildError, Toolchain
from runtime.late_seeds import LATE_SEEDS
from runtime.sources import unpack_python

LIBRARIES = ("libpython3.13.a", "Modules/_decimal/libmpdec/libmpdec.a", "Modules/_hacl/libHacl_Hash_SHA2.a")

C_RECURSION_LIMIT = 500
"""How deep C functions of the interpreter may call each other: beyond it is RecursionError. Hosts give 512 KiB of
stack; with 600 all of the tests' recursions end in 400 KiB."""

_PATCHES = {
    "Include/cpython/pystate.h": [
        ("define Py_C_RECURSION_LIMIT 5000", f"define Py_C_RECURSION_LIMIT {C_RECURSION_LIMIT}"),
    ],
    # The parser's recursion; with 4000 a source of nothing but brackets overflows the host's stack.
    "Parser/parser.c": [("define MAXSTACK 4000", "define MAXSTACK 2800")],
    # Numbers of thousands of digits would be computed in Python, by a module that needs decimal.
    "Objects/longobject.c": [("#define WITH_PYLONG_MODULE 1", "")],
    "Modules/_randommodule.c": LATE_SEEDS,
    # For clang it means -fwrapv-pointer, too: each load and store would add its offset in an instruction of its own.
    # What CPython needs of it is -fwrapv, which is among the flags below.
    "configure": [('NO_STRICT_OVERFLOW_CFLAGS="-fno-strict-overflow"', 'NO_STRICT_OVERFLOW_CFLAGS=""')],
}

_CONFIGURED = {
    # What wasi-libc declares, and either does not define or defines to fail.
    "ac_cv_func_mmap": "no",
    "ac_cv_func_setgroups": "no",
    "ac_cv_func_timerfd_create": "no",
    "ac_cv_header_libintl_h": "no",
    "ac_cv_header_sys_un_h": "no",
    # Threads that cannot be started: CPython's own stand-ins for pthreads are smaller.
    "ac_cv_lib_pthread_pthread_create": "no",
}

_DISABLED = """\
*disabled*
_codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp _codecs_kr _codecs_tw _multibytecodec
_asyncio _socket select fcntl mmap _posixshmem _posixsubprocess _multiprocessing
_interpreters _interpchannels _interpqueues
pyexpat _elementtree _sqlite3 _ssl _hashlib _ctypes _curses _curses_panel _dbm _gdbm _tkinter readline
_bz2 _lzma zlib _uuid grp pwd resource syslog termios _lsprof
"""
"""Of Modules/Setup.local: extension modules that are for what a module of SpacetimeDB has not."""


_COMPACT = """\
Parser/%.o Python/Python-ast.o Python/Python-tokenize.o Python/compile.o Python/flowgraph.o Python/assemble.o \
Python/symtable.o Python/ast.o Python/ast_opt.o Python/ast_unparse.o Python/initconfig.o Python/pylifecycle.o \
Python/preconfig.o Python/pathconfig.o Python/import.o Python/instrumentation.o Modules/getpath.o Modules/main.o \
Modules/posixmodule.o Modules/faulthandler.o Modules/_tracemalloc.o: OPT = -Os -DNDEBUG
"""
"""Of the Makefile: what runs while a module is built, or hardly ever, is compiled to be small and not to be fast."""


def build_for_wasm(toolchain: Toolchain, downloads: Path, folder: Path, native: Path) -> None:
    """:data:`LIBRARIES` and ``pyconfig.h`` in ``build`` below ``folder``, beside the source."""
    source = unpack_python(downloads, folder)
    _patch(source)
    build, log = folder / "build", folder / "log"
    (build / "Modules").mkdir(parents=True)
    (build / "Modules" / "Setup.local").write_text(_DISABLED)
    environment = {
        "CC": toolchain.program("wasm-cc"),
        "CXX": toolchain.program("wasm-cc"),
        "AR": toolchain.program("ar"),
        "RANLIB": toolchain.program("ranlib"),
        "CFLAGS": "-fno-sanitize=undefined -g0 -fwrapv",
        "PKG_CONFIG": "/bin/false",
        "CONFIG_SITE": str(source / "Tools/wasm/config.site-wasm32-wasi"),
    }
    options = [
        "-q",
        "--host=wasm32-wasi",
        f"--build={_build_machine(source)}",
        f"--with-build-python={native}",
        "--disable-test-modules",
        "--without-ensurepip",
        "--with-pkg-config=no",
        "--with-pymalloc",
        "--without-mimalloc",  # of which pages would be spread over the snapshot
        "--enable-big-digits=30",
        "OPT=-O2 -DNDEBUG",
        *(f"{name}={value}" for name, value in _CONFIGURED.items()),
    ]
    toolchain.run([f"../{source.name}/configure", *options], build, log, environment)
    with (build / "Makefile").open("a") as makefile:
        makefile.write(_COMPACT)
    toolchain.run(["make", f"-j{JOBS}", "libpython3.13.a"], build, log)


def _build_machine(source: Path) -> str:
    return subprocess.run([source / "config.guess"], capture_output=True, text=True, check=True).stdout.strip()


def _patch(source: Path) -> None:
    for name, replacements in _PATCHES.items():
        path = source / name
        text = path.read_text()
        for old, new in replacements:
            if old not in text:
                raise BuildError(f"{name} has no {old!r} to replace: it is of another version")
            text = text.replace(old, new)
        path.write_text(text)
    _rename_thread_stubs(source / "Python" / "thread_pthread_stubs.h")


def _rename_thread_stubs(path: Path) -> None:
    """CPython's stand-ins for pthreads under names of their own: C's library has functions of the same names."""
    text = path.read_text()
    names = sorted(set(re.findall(r"\bpthread_[a-z_]+(?=\()", text)))
    include, rest = text.split("\n", 1)
    path.write_text("\n".join([include, *(f"#define {name} stub_{name}" for name in names), rest]))
