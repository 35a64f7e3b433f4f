"""What is kept is what was made, or it is made again."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from stdbpy.wasm import kept_files
from stdbpy.wasm.kept_files import KeptFiles


def never() -> bytes:
    raise AssertionError("it is kept")


def test_what_was_made_is_kept(tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path / "folder")

    assert kept.get("code-1", lambda: b"content") == b"content"
    assert KeptFiles(tmp_path / "folder").get("code-1", never) == b"content"
    assert kept.find("code-2") is None


def test_a_file_that_is_damaged_is_made_again(tmp_path: Path) -> None:
    kept = KeptFiles(tmp_path)
    kept.keep("code", b"content")
    [file] = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"T")

    assert kept.find("code") is None
    assert kept.get("code", lambda: b"content") == b"content"
    assert kept.find("code") == b"content"


def test_without_a_folder_nothing_is_kept() -> None:
    kept = KeptFiles(None)

    assert kept.get("code", lambda: b"1") == b"1"
    assert kept.get("code", lambda: b"2") == b"2"


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_bytes(b"")

    assert KeptFiles(tmp_path / "file" / "folder").get("code", lambda: b"content") == b"content"
    assert "cannot be kept" in caplog.text


def test_what_was_not_used_for_longest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptFiles(tmp_path)
    for number in range(4):
        kept.keep(f"code-{number}", b"content")
        [file] = tmp_path.glob(f"code-{number}*")
        os.utime(file, (number, number))
    kept.find("code-0")
    monkeypatch.setattr(kept_files, "MOST_FILES", 3)

    kept.keep("code-4", b"content")

    assert sorted(file.stem for file in tmp_path.iterdir()) == ["code-0", "code-3", "code-4"]
