"""Doing a command's work again whenever the project changes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from stdbpy.cli.failures import report
from stdbpy.cli.invocation import Invocation
from stdbpy.errors import StdbError


def repeat(
    work: Callable[[], object],
    invocation: Invocation,
    folders: Iterable[Path],
    *,
    left_out: Iterable[Path] = (),
    files: Iterable[Path] = (),
) -> None:
    """Does ``work`` now and after each change below ``folders`` (not ``left_out``) or of ``files``, until
    Ctrl-C. What fails is told, and the next change tries again."""
    from stdbpy.project.watching import changes

    def try_it() -> None:
        try:
            work()
            sys.stdout.flush()  # a program that reads it waits for this round, not for the last one
        except BrokenPipeError:
            raise
        except (StdbError, OSError) as error:
            report(error, show_traceback=invocation.debug)

    try:
        watched = changes(folders, left_out=left_out, files=files)
        try_it()
        invocation.note("waiting for changes; Ctrl-C ends it")
        for changed in watched:
            invocation.note(f"changed: {', '.join(os.path.relpath(path) for path in changed)}")
            try_it()
    except KeyboardInterrupt:
        return
