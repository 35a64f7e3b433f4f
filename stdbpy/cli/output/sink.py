"""Where data goes: stdout, or the file of ``--output``."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

_OWNER_ONLY = 0o600


@contextmanager
def open_sink(output: Path | None) -> Iterator[TextIO]:
    """What to write text to: stdout, or ``output`` as UTF-8.

    A file appears, or replaces the one that was there and keeps its mode, when all is written; if that
    fails nothing changes. Raises ``OSError``.
    """
    if output is None:
        yield sys.stdout
        return
    with _replaced(output) as draft, draft.open("w", encoding="utf-8", newline="") as stream:
        yield stream


def raise_if_unread(stream: TextIO) -> None:
    """Raises ``BrokenPipeError``, as writing would, if nobody reads the pipe that ``stream`` is any more. Systems
    without ``poll`` do not tell."""
    if not hasattr(select, "poll"):
        return
    try:
        number = stream.fileno()
    except OSError:  # it is in memory
        return
    poll = select.poll()
    poll.register(number, 0)  # what went wrong is told in any case
    if poll.poll(0):
        raise BrokenPipeError


@contextmanager
def open_binary_sink(output: Path | None) -> Iterator[BinaryIO]:
    """The same as :func:`open_sink` for bytes."""
    if output is None:
        sys.stdout.flush()
        yield sys.stdout.buffer
        return
    with _replaced(output) as draft, draft.open("wb") as stream:
        yield stream


@contextmanager
def _replaced(path: Path) -> Iterator[Path]:
    """The file to write to instead of ``path``. What is no file of its own, such as ``/dev/stdout`` or
    a pipe, is written to itself."""
    if path.exists() and not path.is_file():
        yield path
        return
    target = path.resolve()
    draft = target.with_name(f".{target.name}.{os.urandom(4).hex()}")
    try:
        if target.exists():
            draft.touch(mode=_OWNER_ONLY)
            draft.chmod(stat.S_IMODE(target.stat().st_mode))
        yield draft
        draft.replace(target)
    except BaseException as error:
        draft.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == str(draft):
            error.filename = str(path)  # the one that the user knows
        raise
