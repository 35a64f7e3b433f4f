"""Noticing that files of a project changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from threading import Event

from watchfiles import Change, DefaultFilter, watch
from watchfiles.main import FileChange

from stdbpy.project.pyproject import PYPROJECT

_SUFFIXES = (".py", ".pyi")
_CONFIGURATION = "spacetime*.json"
_LOOK_UP_MILLISECONDS = 100
"""How often the library comes back without a change; the first time tells that it is watching."""

_OWN_LOOK_AFTER = 20
"""After so many times without a change the files are looked at. The library loses a change that comes in the moment in
which it comes back, and some file systems (shares, mounts of containers) tell of none."""

_Stamps = dict[Path, tuple[int, int]]
"""When files were changed, in nanoseconds, and how large they are."""


class _ProjectFilter(DefaultFilter):
    """Lets Python code and the project's configuration through. What the library leaves out by itself:
    caches, environments, editors' and git's files."""

    def __init__(self, left_out: Iterable[Path]) -> None:
        super().__init__()
        self._left_out = [path.resolve() for path in left_out]

    def __call__(self, change: Change, path: str) -> bool:
        file = Path(path)
        counts = file.suffix in _SUFFIXES or file.name == PYPROJECT or file.match(_CONFIGURATION)
        return counts and super().__call__(change, path) and not any(map(file.is_relative_to, self._left_out))


def changes(
    folders: Iterable[Path], *, left_out: Iterable[Path] = (), files: Iterable[Path] = (), stop: Event | None = None
) -> Iterator[list[Path]]:
    """The files that changed, each time some did, until ``stop`` is set. From the moment of the call:
    changes that come before the first is asked for are not lost.

    ``folders`` are watched with all below them but ``left_out`` (where generated code goes), and of them
    only Python code and configuration counts; of ``files`` every change does. A burst of changes, as of an
    editor or git, comes once. ``KeyboardInterrupt`` is raised as it comes.
    """
    of_projects = _ProjectFilter(left_out)
    projects = [folder.resolve() for folder in folders]
    single = {str(file.resolve()) for file in files}
    places = {*projects, *(Path(file).parent for file in single)}

    def is_wanted(path: str) -> bool:
        in_project = any(Path(path).is_relative_to(project) for project in projects)
        return path in single or (in_project and of_projects(Change.modified, path))

    watcher = watch(
        *places,
        watch_filter=lambda _, path: is_wanted(path),
        stop_event=stop,
        rust_timeout=_LOOK_UP_MILLISECONDS,
        yield_on_timeout=True,
    )
    first = next(watcher, set())

    def look() -> _Stamps:
        return _stamps(chain(single, _files_below(projects)), is_wanted)

    return _told_or_seen(chain([first], watcher), look(), look)


def _told_or_seen(
    told: Iterable[set[FileChange]], before: _Stamps, look: Callable[[], _Stamps]
) -> Iterator[list[Path]]:
    """What the library tells, and what it does not tell though the files are others than ``before``."""
    quiet = 0
    for changes in told:
        quiet = 0 if changes else quiet + 1
        if not changes and quiet < _OWN_LOOK_AFTER:
            continue
        now = look()
        seen = {path for path, _ in before.items() ^ now.items()}
        if seen and quiet == _OWN_LOOK_AFTER:
            continue  # the library may be about to tell
        quiet, before = 0, now
        if changed := seen | {Path(path) for _, path in changes}:
            yield sorted(changed)


def _files_below(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for parent, inside, files in os.walk(folder):
            inside[:] = [name for name in inside if name not in DefaultFilter.ignore_dirs]
            yield from (os.path.join(parent, name) for name in files)  # noqa: PTH118 - many, each time


def _stamps(paths: Iterable[str], is_wanted: Callable[[str], bool]) -> _Stamps:
    found = {}
    for path in filter(is_wanted, paths):
        try:
            state = os.stat(path)  # noqa: PTH116 - as above
        except OSError:
            continue  # gone by now
        found[Path(path)] = state.st_mtime_ns, state.st_size
    return found
