"""What the runtime is built from is checked, also when it was downloaded long ago."""

from __future__ import annotations

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from runtime import sources
from runtime.sources import DebianSource, SourceError, unpack_python


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """That of CPython on a mirror, which is a folder."""
    path = tmp_path / "mirror" / "pool" / "python.tar"
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w") as files:
        entry = tarfile.TarInfo(f"Python-{sources.PYTHON_VERSION}/README")
        entry.size = 6
        files.addfile(entry, io.BytesIO(b"Python"))
    source = DebianSource("pool/python.tar", hashlib.sha256(path.read_bytes()).hexdigest())
    monkeypatch.setattr(sources, "PYTHON", source)
    monkeypatch.setenv(sources.MIRROR_VARIABLE, (tmp_path / "mirror").as_uri())
    return path


def test_a_download_is_used_again(archive: Path, tmp_path: Path) -> None:
    unpack_python(tmp_path / "downloads", tmp_path / "first")
    archive.unlink()

    folder = unpack_python(tmp_path / "downloads", tmp_path / "second")

    assert (folder / "README").read_text() == "Python"


def test_half_a_download_is_not_used(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "downloads").mkdir()
    (tmp_path / "downloads" / archive.name).write_bytes(archive.read_bytes()[:700])

    folder = unpack_python(tmp_path / "downloads", tmp_path / "unpacked")

    assert (folder / "README").read_text() == "Python"
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == [archive.name]


def test_a_mirror_with_something_else_is_refused(archive: Path, tmp_path: Path) -> None:
    archive.write_bytes(b"something else")

    with pytest.raises(SourceError, match="its checksum is"):
        unpack_python(tmp_path / "downloads", tmp_path / "unpacked")

    assert not (tmp_path / "downloads" / archive.name).exists()
