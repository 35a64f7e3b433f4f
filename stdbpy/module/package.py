"""A module's source as one file: what ``publish`` sends to the embedded server.

The package is a zip archive, nothing compressed, whose first entry is the manifest
``stdbpy-module.json``. The same source gives the same bytes, so that its hash says whether
anything changed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stdbpy.errors import ModuleLoadError, NewerThanUnderstood, StdbError

if TYPE_CHECKING:
    # Not imported inside WebAssembly, where sources are taken too: there are neither archives nor folders.
    import zipfile
    from pathlib import Path

MANIFEST = "stdbpy-module.json"
FORMAT = 1

LONGEST_PARSED = 8 << 20
"""Of a file, in bytes: who wants to know what is in a longer one looks at its words. Python makes more than a hundred
bytes of each when it parses them, and so long a file is data."""

_LOCAL_HEADER_SIZE = 30
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a zip archive can say: files have none here."""


@dataclass(frozen=True, slots=True)
class ModuleSource:
    """The Python files of a module."""

    files: Mapping[str, bytes] = field(repr=False)
    """Contents by path, with forward slashes, relative to where imports start (``chat/tables.py``)."""
    entry: str
    """Import name of what declares the module (``chat``); it imports the rest."""
    root: str | None = None
    """The folder the files came from. Tracebacks and breakpoints name files in it."""

    def file_name(self, path: str) -> str:
        """What tracebacks call the file at ``path``."""
        return f"{self.root.rstrip('/')}/{path}" if self.root else path

    @property
    def paths(self) -> dict[str, str]:
        """The paths by what tracebacks call the files."""
        return {self.file_name(path): path for path in self.files}


def source_of_folder(folder: Path) -> ModuleSource:
    """The source of a package in a folder of its own, whose name is the entry. All its Python files
    belong to it. Raises ``ModuleLoadError`` if the folder is no package."""
    if not (folder / "__init__.py").is_file():
        raise ModuleLoadError(f"{folder} is no Python package", hint="It needs a file __init__.py")
    root = folder.resolve().parent
    files = {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(folder.resolve().rglob("*.py"))}
    return ModuleSource(files, folder.resolve().name, root.as_posix())


def pack(source: ModuleSource) -> bytes:
    """The package of ``source``. Raises ``ModuleLoadError`` for a path that leads outside."""
    import zipfile

    buffer = io.BytesIO()
    manifest = {"format": FORMAT, "entry": source.entry, "root": source.root}
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, MANIFEST, json.dumps(manifest, sort_keys=True).encode())
        for path in sorted(source.files):
            _check_path(path)
            _add(archive, path, source.files[path])
    return buffer.getvalue()


def is_package(data: bytes) -> bool:
    """Whether ``data`` is a package, by its first bytes (a ``.wasm`` file is not)."""
    name = MANIFEST.encode()
    return data[:4] == b"PK\x03\x04" and data[_LOCAL_HEADER_SIZE : _LOCAL_HEADER_SIZE + len(name)] == name


def unpack(data: bytes) -> ModuleSource:
    """The source that was packed.

    Raises ``ModuleLoadError`` for bytes that are no package, and ``NewerThanUnderstood`` for one
    that a later version of stdbpy wrote.
    """
    import zipfile

    if not is_package(data):
        raise ModuleLoadError("this is no packaged Python module", hint="stdbpy publish packs and sends one")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            manifest_entry, *entries = archive.infolist()
            manifest = _manifest(_content(archive, manifest_entry))
            files = {}
            # Entries that lie one within the other could become as much as there are pairs of them.
            left = len(data)
            for entry in entries:
                _check_path(entry.orig_filename)  # zipfile cuts names at a NUL
                left -= entry.file_size
                if entry.filename in files or entry.filename == MANIFEST or left < 0:
                    raise _damaged(f"there is more than one {entry.filename!r}")
                files[entry.filename] = _content(archive, entry)
    except StdbError:
        raise
    except Exception as error:  # noqa: BLE001 - zipfile raises a dozen kinds for bytes that are no archive
        raise _damaged(str(error)) from None
    return ModuleSource(files, manifest["entry"], manifest["root"])


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    import zipfile

    if entry.compress_type != zipfile.ZIP_STORED or entry.compress_size != entry.file_size:
        raise ModuleLoadError("the module's package is compressed, which packages never are")
    return archive.read(entry)


def _manifest(text: bytes) -> dict[str, Any]:
    manifest = json.loads(text.decode())
    if not isinstance(manifest, dict) or type(manifest.get("format")) is not int or manifest["format"] < 1:
        raise ModuleLoadError(f"the package's {MANIFEST} says no format", hint="Publish the module again")
    if manifest["format"] > FORMAT:
        raise NewerThanUnderstood(f"Format {manifest['format']} of a module's package")
    entry, root = manifest.get("entry"), manifest.get("root")
    if not isinstance(entry, str) or not _is_text(entry):
        raise ModuleLoadError(f"the package's {MANIFEST} names no entry", hint="Publish the module again")
    if not (root is None or (isinstance(root, str) and _is_text(root, "surrogateescape"))):
        raise ModuleLoadError(f"the package's {MANIFEST} names no folder", hint="Publish the module again")
    return manifest


def _is_text(text: str, errors: str = "strict") -> bool:
    """Whether there are bytes for it; those of a folder's name need not be UTF-8."""
    try:
        text.encode(errors=errors)
    except UnicodeEncodeError:
        return False
    return True


def _damaged(how: str) -> ModuleLoadError:
    return ModuleLoadError(f"the module's package is damaged: {how}", hint="Publish it again")


def _add(archive: zipfile.ZipFile, path: str, data: bytes) -> None:
    import zipfile

    entry = zipfile.ZipInfo(path, _EPOCH)
    entry.create_system = 3  # whichever system packs
    entry.external_attr = 0o100644 << 16
    archive.writestr(entry, data)


def _check_path(path: str) -> None:
    leads_outside = not {"", ".", ".."}.isdisjoint(path.split("/"))
    has_odd_characters = "\\" in path or "\0" in path or not _is_text(path)
    if leads_outside or has_odd_characters:
        raise ModuleLoadError(f"{path!r} is no path inside a module's folder")
