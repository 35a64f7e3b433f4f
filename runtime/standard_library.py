"""The standard library and the frozen boot code, compiled. Runs in Python 3.13, the build's own; writes two files.

Paths are strings here, not ``pathlib.Path``: that interns each part of a path, and marshal writes a constant that
something else holds, too, in another way. So the names of folders would show in the result.
"""

from __future__ import annotations

import marshal
import os
import sys
from collections.abc import Iterator

HERE = os.path.dirname(os.path.abspath(__file__))
LEFT_OUT_TABLE = os.path.join(os.path.dirname(HERE), "stdbpy", "module", "left_out.py")

_WITHOUT_DOCSTRINGS = 2

_ENCODINGS = {
    "", "aliases", "ascii", "base64_codec", "charmap", "cp437", "cp1252", "hex_codec", "idna", "iso8859_1",
    "iso8859_15", "latin_1", "punycode", "quopri_codec", "raw_unicode_escape", "rot_13", "undefined",
    "unicode_escape", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7", "utf_8",
    "utf_8_sig",
}  # fmt: skip
"""Of the package ``encodings``; the tables of the others are larger than all the rest of the library."""

_OWN = {"_sysconfigdata__wasi_wasm32-wasi": b"build_time_vars = {}"}
"""How Python was built, which ``sysconfig`` reads: nothing of it is there any more."""

_WIDE = (
    *((0x1100, 0x115F), (0x2E80, 0x303E), (0x3041, 0xA4CF), (0xA960, 0xA97C), (0xAC00, 0xD7A3), (0xF900, 0xFAFF)),
    *((0xFE30, 0xFE6F), (0xFF01, 0xFF60), (0xFFE0, 0xFFE6), (0x1F300, 0x1F64F), (0x1F680, 0x1F6FF), (0x1F900, 0x1FAFF)),
    *((0x20000, 0x3FFFD),),
)  # fmt: skip
"""The blocks of Unicode whose characters take two places: of East Asian scripts, and emoji."""

_PATCHES = {
    # The only part of tracebacks that needs unicodedata, which is larger than most programs.
    "traceback.py": [
        ("    import unicodedata\n", f"    wide = {_WIDE}\n"),
        (
            "unicodedata.east_asian_width(char) in _WIDE_CHAR_SPECIFIERS",
            "any(first <= ord(char) <= last for first, last in wide)",
        ),
    ],
    # Asked for by typing_extensions. CPython takes the class of capsules from a module that is left out.
    "types.py": [
        ("        import _socket\n", "        from _spacetimedb import CapsuleType\n"),
        ("return type(_socket.CAPI)", "return CapsuleType"),
    ],
}

_FROZEN = (
    "encodings/__init__.py", "encodings/aliases.py", "encodings/ascii.py", "encodings/latin_1.py", "encodings/utf_8.py",
)  # fmt: skip
"""What the interpreter imports before the boot code has anywhere to import from."""


def write_library(folder: str, out: str) -> None:
    """``{name: (is_package, code)}`` of all modules that can work, marshalled."""
    left_out = _left_out_names()
    library = {}
    for path in _python_files(folder):
        name, is_package = _module_of(path)
        if not _is_left_out(name, left_out):
            library[name] = (is_package, _compiled(_patched(folder, path), f"lib/python3.13/{path}"))
    for name, source in _OWN.items():
        library[name] = (False, _compiled(source, f"<{name}>"))
    with open(out, "wb") as file:
        marshal.dump(library, file)


def write_frozen_modules(folder: str, out: str) -> None:
    """The table of frozen modules, as C."""
    boot = os.path.join(HERE, "boot")
    sources = {_module_of(path): _content(folder, path) for path in _FROZEN}
    sources |= {_module_of(f"_stdbpy_boot/{path}"): _content(boot, path) for path in _python_files(boot)}
    sources |= {("_stdbpy_boot.left_out", False): _content(HERE, LEFT_OUT_TABLE)}
    arrays, table = [], []
    for (name, is_package), source in sources.items():
        code = _compiled(source, f"<frozen {name}>")
        symbol = "frozen_" + name.replace(".", "_")
        arrays.append(f"static const unsigned char {symbol}[] = {{{','.join(map(str, code))}}};\n")
        table.append(f'    {{"{name}", {symbol}, {len(code)}, {int(is_package)}}},\n')
    with open(out, "w", encoding="utf-8") as file:
        file.writelines(arrays)
        file.write("static const struct _frozen boot_frozen_modules[] = {\n")
        file.writelines(table)
        file.write("    {NULL, NULL, 0, 0},\n};\n")


def _python_files(folder: str) -> Iterator[str]:
    """Relative to the folder, with slashes, in an order that is the same everywhere."""
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in ("__pycache__", "site-packages"))
        for file in sorted(files):
            if file.endswith(".py"):
                yield os.path.relpath(os.path.join(parent, file), folder)


def _module_of(path: str) -> tuple[str, bool]:
    """The name of what a file is, and whether that is a package."""
    name = path.removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__"), name.endswith(".__init__")


def _left_out_names() -> frozenset[str]:
    """The file is run by itself: the package that it is in needs more than the build's own Python has."""
    table: dict[str, dict[str, str]] = {}
    exec(_content(HERE, LEFT_OUT_TABLE), table)  # noqa: S102 - part of the recipe
    return frozenset(table["LEFT_OUT"])


def _is_left_out(name: str, left_out: frozenset[str]) -> bool:
    package, _, rest = name.partition(".")
    if package == "encodings" and rest not in _ENCODINGS:
        return True
    parts = name.split(".")
    return any(".".join(parts[: end + 1]) in left_out for end in range(len(parts)))


def _content(folder: str, path: str) -> bytes:
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


def _patched(folder: str, path: str) -> bytes:
    text = _content(folder, path)
    for old, new in _PATCHES.get(path, ()):
        if text.count(old.encode()) != 1:
            raise SystemExit(f"{path} has not once {old!r} to replace: it is of another version")
        text = text.replace(old.encode(), new.encode())
    return text


def _compiled(source: bytes, file_name: str) -> bytes:
    return marshal.dumps(compile(source, file_name, "exec", dont_inherit=True, optimize=_WITHOUT_DOCSTRINGS))


if __name__ == "__main__":
    library_folder, library_out, frozen_out = sys.argv[1:]
    write_library(library_folder, library_out)
    write_frozen_modules(library_folder, frozen_out)
