"""Modules as one file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

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


@given(st.dictionaries(paths, st.binary(), max_size=5), st.text(), st.none() | st.text())
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


@pytest.mark.parametrize("path", ["/game.py", "../game.py", "a/../b.py", "a//b.py", "a\\b.py", "", ".", "a/"])
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
        (crafted({**GOOD, "root": 3}, {}), "names no entry"),
        (crafted(GOOD, {"../game.py": b""}), "no path inside"),
        (crafted(GOOD, {"game.py": bytes(1000)}, zipfile.ZIP_DEFLATED), "is compressed"),
    ],
)
def test_damaged_and_hostile_packages(data, message):
    with pytest.raises(ModuleLoadError, match=message):
        unpack(data)


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
