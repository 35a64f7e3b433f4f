"""Folders that hold generated code, perhaps among files of the user's own.

A generated file is known by its first line, which begins with a marker. Only such files are
replaced or deleted; where a file of somebody else is in the way, nothing is written at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from stdbpy.errors import ProjectError
from stdbpy.replacing import write_draft


@dataclass(frozen=True, slots=True)
class Differences:
    """Files, relative to the folder and with slashes, that differ from what was generated; false if none."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.deleted)


def write_package(
    files: Mapping[str, str], out_dir: Path, *, marker: str, check: bool = False, subfolders: Iterable[str] = ()
) -> Differences:
    """Makes ``out_dir`` hold ``files`` and no other file that begins with ``marker``.

    ``files`` maps paths relative to ``out_dir``, with slashes, to texts whose first line begins with
    ``marker``. Files that no longer belong to it are looked for in the folders of those that do, and in
    ``subfolders``. Returns what it did, or with ``check`` what it would do. Each file is replaced in one
    step, and none before all new texts are on disk. Raises :class:`ProjectError` if a file
    without the marker is in the way, or the folder cannot be written.
    """
    try:
        contents = {_inside(out_dir, path): text.encode() for path, text in files.items()}
        folders = {out_dir, *(path.parent for path in contents), *(_inside(out_dir, name) for name in subfolders)}
        differences = _compare(contents, out_dir, marker.encode(), folders)
        if differences and not check:
            _write(contents, differences, out_dir)
    except OSError as error:
        raise ProjectError(f"{error.filename or out_dir} cannot be read or written: {error.strerror}") from error
    return differences


def _inside(out_dir: Path, path: str) -> Path:
    parts = PurePosixPath(path).parts
    if not parts or parts[0] == "/" or ".." in parts:
        raise ProjectError(f"{path!r} does not lie in the folder for generated code")
    return out_dir.joinpath(*parts)


def _compare(contents: Mapping[Path, bytes], out_dir: Path, marker: bytes, folders: Iterable[Path]) -> Differences:
    created, changed = [], []
    for path, content in contents.items():
        _refuse_links(path, out_dir)
        if not path.exists():
            created.append(path)
        elif not _is_generated(path, marker):
            raise ProjectError(
                f"{path} is in the way: stdbpy did not generate it",
                hint="Move it, or generate into another folder with --out-dir.",
            )
        elif path.read_bytes() != content:
            changed.append(path)
    deleted = [path for path in _files_in(folders) if path not in contents and _is_generated(path, marker)]

    def names(paths: list[Path]) -> tuple[str, ...]:
        return tuple(sorted(path.relative_to(out_dir).as_posix() for path in paths))

    return Differences(names(created), names(changed), names(deleted))


def _refuse_links(path: Path, out_dir: Path) -> None:
    """A link below ``out_dir`` could lead a write to anywhere. ``out_dir`` itself may be one."""
    for part in (path, *path.parents):
        if part == out_dir:
            return
        if part.is_symlink():
            raise ProjectError(f"{part} is in the way: it is a link", hint="Generated code replaces files, not links.")


def _is_generated(path: Path, marker: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(marker)) == marker


def _files_in(folders: Iterable[Path]) -> Iterator[Path]:
    """Plain files right in these folders. Folders inside are left alone: they may hold another package."""
    for folder in folders:
        if folder.is_dir():
            yield from (path for path in folder.iterdir() if path.is_file() and not path.is_symlink())


def _write(contents: Mapping[Path, bytes], differences: Differences, out_dir: Path) -> None:
    drafts: dict[Path, Path] = {}
    try:
        for name in (*differences.created, *differences.changed):
            path = out_dir / name
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path] = write_draft(path, contents[path])
        for path, draft in drafts.items():
            draft.replace(path)
    except BaseException:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        raise
    for name in differences.deleted:
        (out_dir / name).unlink()
