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

    kept = KeptFiles(tmp_path / "file" / "folder")
    assert [kept.get(name, lambda: b"content") for name in ("code", "other")] == [b"content", b"content"]
    assert caplog.text.count("cannot be kept") == 1


def test_what_can_only_be_read_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    KeptFiles(tmp_path).keep("code", b"content")

    def refuse(file: Path) -> None:
        raise PermissionError(file)

    monkeypatch.setattr(os, "utime", refuse)

    assert KeptFiles(tmp_path).get("code", never) == b"content"


def test_files_that_another_process_removes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    gone = tmp_path / "gone.kept"
    monkeypatch.setattr(Path, "glob", lambda *_: [gone])

    KeptFiles(tmp_path).keep("code", b"content")

    assert KeptFiles(tmp_path).find("code") == b"content"
    assert not caplog.text


def test_drafts_of_builds_that_were_killed_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    draft = tmp_path / ".code-1.kept.0a1b2c3d"
    draft.write_bytes(b"half")
    os.utime(draft, (1, 1))
    monkeypatch.setattr(kept_files, "MOST_FILES", 1)

    KeptFiles(tmp_path).keep("code", b"content")

    assert [file.name for file in tmp_path.iterdir()] == ["code.kept"]


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
