"""Modules as one file."""

from __future__ import annotations

import io
import json
import re
import struct
import zipfile
import zlib
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import ModuleLoadError, NewerThanUnderstood
from stdbpy.module.package import MANIFEST, ModuleSource, is_package, pack, source_of_folder, unpack

SOURCE = ModuleSource({"game.py": b"x = 1", "world/__init__.py": b""}, "game", "/home/ann/game")

parts = st.text(st.characters(categories=["L", "N"], include_characters="_-. "), min_size=1).filter(
    lambda part: part.strip(".") != ""
)
paths = st.lists(parts, min_size=1, max_size=3).map("/".join)


@given(st.dictionaries(paths, st.binary(), max_size=5), st.text(), st.none() | st.text() | st.just("/home/j\udcfcrgen"))
def test_what_is_unpacked_is_what_was_packed(files, entry, root):
    source = ModuleSource(files, entry, root)
    assert unpack(pack(source)) == source


def test_the_same_source_gives_the_same_bytes():
    backwards = ModuleSource(dict(reversed(SOURCE.files.items())), SOURCE.entry, SOURCE.root)
    assert pack(backwards) == pack(SOURCE)
    assert pack(ModuleSource({**SOURCE.files, "game.py": b"x = 2"}, "game", SOURCE.root)) != pack(SOURCE)


def test_a_package_is_told_apart_from_other_programs():
    assert is_package(pack(SOURCE))
    assert not is_package(b"\0asm\x01\0\0\0")
    assert not is_package(b"")
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("game.py", "")
    assert not is_package(other.getvalue())


@pytest.mark.parametrize(
    "path", ["/game.py", "../game.py", "a/../b.py", "a//b.py", "a\\b.py", "", ".", "a/", "\udcff.py"]
)
def test_paths_that_lead_outside(path):
    with pytest.raises(ModuleLoadError, match="no path inside"):
        pack(ModuleSource({path: b""}, "game"))


def crafted(manifest: object, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", compression) as archive:
        archive.writestr(MANIFEST, manifest if isinstance(manifest, bytes) else json.dumps(manifest))
        for path, content in files.items():
            archive.writestr(path, content)
    return data.getvalue()


def patched(data: bytes, local: int, central: int, value: int) -> bytes:
    """With ``value`` (two bytes) at these offsets of all headers."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\3\4", local), (b"PK\1\2", central)):
        for header in re.finditer(re.escape(signature), data):
            struct.pack_into("<H", changed, header.start() + offset, value)
    return bytes(changed)


def one_in_the_other(depth: int, size: int) -> bytes:
    """A small archive that says it holds ``depth`` files, each of which holds those after it."""
    manifest = json.dumps(GOOD).encode()
    contents = bytes(size)
    directory: list[tuple[bytes, int, int, int]] = []
    for number in range(depth):
        name = b"%05d.py" % number
        directory.append((name, zlib.crc32(contents), len(contents), len(contents)))
        head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, *directory[-1][1:], len(name), 0)
        contents = head + name + contents
    name = MANIFEST.encode()
    sizes = (zlib.crc32(manifest), len(manifest), len(manifest))
    head = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 0, 0, 33, *sizes, len(name), 0) + name + manifest
    data = head + contents
    entries = [(name, *sizes), *directory[::-1]]
    offset, central = 0, b""
    for number, (name, *sizes) in enumerate(entries):
        central += struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, 0, 0, 0, 33, *sizes, len(name), 0, 0, 0, 0, 0, offset)
        central += name
        offset = len(head) if number == 0 else offset + 30 + len(name)
    return (
        data
        + central
        + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(entries), len(entries), len(central), len(data), 0)
    )


GOOD = {"format": 1, "entry": "game", "root": None}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"hello", "no packaged Python module"),
        (pack(SOURCE)[:-30], "damaged"),
        (pack(SOURCE).replace(b"x = 1", b"x = 2"), "damaged"),
        (crafted(b"{", {}), "damaged"),
        (crafted(b"\xff", {}), "damaged"),
        (crafted([], {}), "says no format"),
        (crafted({"format": "1"}, {}), "says no format"),
        (crafted({"format": 1}, {}), "names no entry"),
        (crafted({**GOOD, "root": 3}, {}), "names no folder"),
        (crafted(b"[" * 100_000, {}), "damaged"),
        (crafted(b'{"format": %s}' % (b"9" * 10_000), {}), "damaged"),
        (crafted({**GOOD, "format": 0}, {}), "says no format"),
        (crafted({**GOOD, "format": True}, {}), "says no format"),
        (crafted({**GOOD, "entry": "\ud800"}, {}), "names no entry"),
        (crafted({**GOOD, "root": "\ud800"}, {}), "names no folder"),
        (crafted(GOOD, {"../game.py": b""}), "no path inside"),
        (crafted(GOOD, {"/game.py": b""}), "no path inside"),
        (crafted(GOOD, {"g\u00e9.py": b""}).replace(b"\xc3\xa9", b"\xed\xa0"), "damaged"),
        (crafted(GOOD, {"game.py": b"", "gamf.py": b""}).replace(b"gamf", b"game"), "more than one 'game.py'"),
        (crafted(GOOD, {"game.py": b""}).replace(b"game.py", b"g\0me.py"), "no path inside"),
        (patched(pack(SOURCE), 6, 8, 1), "encrypted"),
        (patched(pack(SOURCE), 4, 6, 99), "version"),
        (one_in_the_other(1000, 100), "damaged"),
        (crafted(GOOD, {"game.py": bytes(1000)}, zipfile.ZIP_DEFLATED), "is compressed"),
    ],
)
def test_damaged_and_hostile_packages(data, message):
    with pytest.raises(ModuleLoadError, match=message):
        unpack(data)


def test_hostile_bytes_are_refused_in_no_other_way():
    data = crafted(GOOD, {"game.py": b"x = 1", "world/__init__.py": b""})
    random = Random(1)
    refused = 0
    for _ in range(3000):
        changed = bytearray(data)
        for _ in range(random.randint(1, 3)):
            changed[random.randrange(len(changed))] = random.choice((0, 1, 0xFF, random.randrange(256)))
        try:
            unpack(bytes(changed))
        except (ModuleLoadError, NewerThanUnderstood):
            refused += 1
    assert refused > 1000


def test_a_package_of_a_later_version():
    with pytest.raises(NewerThanUnderstood, match="Format 2"):
        unpack(crafted({**GOOD, "format": 2}, {}))


def test_the_source_of_a_folder(tmp_path: Path):
    package = tmp_path / "game"
    (package / "inner").mkdir(parents=True)
    for name in ("__init__.py", "inner/rules.py", "notes.txt"):
        (package / name).write_text(name)
    source = source_of_folder(package)
    assert (source.entry, source.root) == ("game", tmp_path.as_posix())
    assert source.files == {"game/__init__.py": b"__init__.py", "game/inner/rules.py": b"inner/rules.py"}
    assert source.file_name("game/__init__.py") == (package / "__init__.py").as_posix()
    with pytest.raises(ModuleLoadError, match="is no Python package"):
        source_of_folder(package / "inner")
