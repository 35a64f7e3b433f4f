"""The standard library and the frozen boot code, compiled. Runs in Python 3.13, the build's own; writes two files."""

from __future__ import annotations

import marshal
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from runtime.left_out import LEFT_OUT  # noqa: E402 - is found only then

_WITHOUT_DOCSTRINGS = 2
_MARSHAL_VERSION = 2  # the last one without references, whose bytes would depend on what else holds an object

_ENCODINGS = {
    "", "aliases", "ascii", "base64_codec", "charmap", "cp437", "cp1252", "hex_codec", "idna", "iso8859_1",
    "iso8859_15", "latin_1", "punycode", "quopri_codec", "raw_unicode_escape", "rot_13", "undefined",
    "unicode_escape", "utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7", "utf_8",
    "utf_8_sig",
}  # fmt: skip
"""Of the package ``encodings``; the tables of the others are larger than all the rest of the library."""

_OWN = {"_sysconfigdata__wasi_wasm32-wasi": "build_time_vars = {}"}
"""How Python was built, which ``sysconfig`` reads: nothing of it is there any more."""

_FROZEN = ("encodings", "encodings.aliases", "encodings.utf_8", "encodings.latin_1", "encodings.ascii")
"""What the interpreter imports before the boot code has anywhere to import from."""


def write_library(folder: Path, out: Path) -> None:
    """``{name: (is_package, code)}`` of all modules that can work, marshalled."""
    library = {}
    for path in sorted(folder.rglob("*.py")):
        name, is_package = _name_of(path.relative_to(folder))
        if _is_left_out(name) or "__pycache__" in path.parts or "site-packages" in path.parts:
            continue
        library[name] = (is_package, _compiled(path, f"lib/python3.13/{path.relative_to(folder).as_posix()}"))
    for name, source in _OWN.items():
        library[name] = (False, marshal.dumps(compile(source, f"<{name}>", "exec"), _MARSHAL_VERSION))
    out.write_bytes(marshal.dumps(library, _MARSHAL_VERSION))


def write_frozen_modules(folder: Path, out: Path) -> None:
    """The table of frozen modules as a C header."""
    boot = HERE / "boot"
    sources = {name: folder / name.replace(".", "/") for name in _FROZEN}
    sources |= {"_stdbpy_boot": boot, "_stdbpy_boot.left_out": HERE / "left_out"}
    sources |= {f"_stdbpy_boot.{path.stem}": boot / path.stem for path in sorted(boot.glob("[a-z]*.py"))}
    lines, table = [], []
    for name, path in sources.items():
        is_package = path.is_dir()
        code = _compiled(path / "__init__.py" if is_package else path.with_suffix(".py"), f"<frozen {name}>")
        symbol = "frozen_" + name.replace(".", "_")
        lines.append(f"static const unsigned char {symbol}[] = {{{','.join(map(str, code))}}};")
        table.append(f'    {{"{name}", {symbol}, {len(code)}, {int(is_package)}}},')
    table.append("    {NULL, NULL, 0, 0},")
    lines += ["static const struct _frozen boot_frozen_modules[] = {", *table, "};", ""]
    out.write_text("\n".join(lines))


def _name_of(path: Path) -> tuple[str, bool]:
    parts = path.with_suffix("").parts
    return (".".join(parts[:-1]), True) if parts[-1] == "__init__" else (".".join(parts), False)


def _is_left_out(name: str) -> bool:
    package, _, rest = name.partition(".")
    if package == "encodings" and rest not in _ENCODINGS:
        return True
    parts = name.split(".")
    return any(".".join(parts[: end + 1]) in LEFT_OUT for end in range(len(parts)))


def _compiled(path: Path, file_name: str) -> bytes:
    code = compile(path.read_bytes(), file_name, "exec", dont_inherit=True, optimize=_WITHOUT_DOCSTRINGS)
    return marshal.dumps(code, _MARSHAL_VERSION)


if __name__ == "__main__":
    library_folder, library_out, frozen_out = map(Path, sys.argv[1:])
    write_library(library_folder, library_out)
    write_frozen_modules(library_folder, frozen_out)
