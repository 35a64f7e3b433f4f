"""The program ``stdbpy``: what runs first, and the one place where every run ends.

``--version`` is answered before anything else is imported: scripts ask for it often. So is what shells
complete with, because they wait for it at every key.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.cli.invocation import Invocation

PROGRAM = "stdbpy"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program with ``argv`` (default: the process's) and returns its exit code.

    0: done; 1: the work failed; 2: wrong usage; 130: interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    _prepare_streams()
    if arguments in (["--version"], ["-V"]):
        from stdbpy import __version__

        return _finish(lambda: print(PROGRAM, __version__))

    if arguments[:1] == ["__complete"]:

        def complete() -> None:
            from stdbpy.cli.completion.answer import answer

            answer(arguments[1:])

        return _finish(complete)

    invocation: Invocation | None = None

    def run() -> None:  # also what is imported: it takes long enough to be interrupted
        nonlocal invocation
        from stdbpy.cli.invocation import Invocation

        invocation = Invocation()
        from stdbpy.cli.group import program

        group = program(PROGRAM)
        with group.make_context(PROGRAM, arguments, obj=invocation) as context:
            group.invoke(context)

    return _finish(run, wants_traceback=lambda: invocation is not None and invocation.debug)


def _prepare_streams() -> None:
    """Writing to stdout and stderr always works: where one is closed it goes nowhere, and a character
    that an old terminal's encoding lacks is shown as ``\\u2026``."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, io.TextIOWrapper(io.FileIO(os.devnull, "w"), encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _finish(work: Callable[[], object], wants_traceback: Callable[[], bool] = lambda: False) -> int:
    """Does the work, sees stdout take everything, and turns however it ends into an exit code."""
    try:
        work()
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`head`, a pager) has seen enough, which is no failure.
        _forget_unwritten()
        return 0
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost frame of the program
        from stdbpy.cli.failures import report

        code = report(error, show_traceback=wants_traceback())
        try:
            sys.stdout.flush()
        except OSError:
            _forget_unwritten()
        return code
    finally:
        _forget_interruption()
    return 0


def _forget_interruption() -> None:
    """Where Ctrl-C has met the ``exec`` of a text, which importing dataclasses calls, ``python -m`` ends itself by that
    signal instead of with an exit code, though the interruption was dealt with. Each ``exec`` begins anew with that."""
    exec("")  # noqa: S102


def _forget_unwritten() -> None:
    """Python flushes stdout once more while it exits and would complain, with an exit code of its
    own: what stdout has not taken goes nowhere instead."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
