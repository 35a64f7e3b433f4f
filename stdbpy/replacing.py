"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

SECRET = 0o600
"""Mode of a file that only its owner may read."""

ORDINARY = 0o666
"""Mode of any other file, before the user's umask."""


def write_draft(path: Path, content: bytes, *, mode: int = ORDINARY, is_kept: bool = True) -> Path:
    """Writes ``content`` to a new file beside ``path`` and returns it: ``draft.replace(path)`` is
    then one step that works or changes nothing. What need not be kept over a loss of power does not
    wait for the disk. Raises ``OSError`` and leaves no file behind."""
    draft = path.with_name(f".{path.name}.{os.urandom(4).hex()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if is_kept:
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft


def replace_file(path: Path, content: bytes, *, mode: int = ORDINARY, is_kept: bool = True) -> None:
    """Gives ``path`` new content in one step; ``is_kept`` is that of :func:`write_draft`. Raises ``OSError``."""
    draft = write_draft(path, content, mode=mode, is_kept=is_kept)
    try:
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def rewrite_file(
    path: Path, edit: Callable[[bytes | None], bytes], *, is_secret: Callable[[bytes], bool] = lambda _: False
) -> bool:
    """Gives ``path`` the content that ``edit`` makes of the present one (``None`` if there is no file), in one step.

    A link stays a link, and a file keeps its mode unless its new content is secret: then only its owner
    may read it. What others write meanwhile is not lost: then ``edit`` is asked again. Returns whether
    there was anything to write. Raises ``OSError`` and whatever ``edit`` raises; the file is then as it was.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    with one_at_a_time(path.parent):
        while True:
            before = _content(path)
            content = edit(before)
            kept_mode = None if before is None else stat.S_IMODE(path.stat().st_mode)
            mode = SECRET if is_secret(content) else kept_mode
            if content == before and mode == kept_mode:
                return False
            draft = write_draft(path, content, mode=ORDINARY if mode is None else mode)
            try:
                if mode is not None:
                    draft.chmod(mode)  # the umask does not apply to a file that is there
                if _content(path) == before:
                    draft.replace(path)
                    return True
            finally:
                draft.unlink(missing_ok=True)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextmanager
def one_at_a_time(folder: Path) -> Iterator[None]:
    """While one process works on files in ``folder``, others that say so too wait; Windows has no such
    lock for folders, there they do not. Raises ``OSError``."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
