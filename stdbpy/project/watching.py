"""Noticing that files of a project changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

    def counts(change: Change, path: str) -> bool:
        in_project = any(Path(path).is_relative_to(project) for project in projects)
        return path in single or (in_project and of_projects(change, path))

    watcher = watch(
        *places, watch_filter=counts, stop_event=stop, rust_timeout=_LOOK_UP_MILLISECONDS, yield_on_timeout=True
    )
    first = next(watcher, set())
    return _paths(chain([first], watcher))


def _paths(found: Iterable[set[FileChange]]) -> Iterator[list[Path]]:
    for changed in found:
        if changed:
            yield sorted({Path(path) for _, path in changed})
