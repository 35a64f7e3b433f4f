"""Whether somebody debugs this process, for whom time stands still while code is stopped."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import FrameType

_LEFT_ALONE = "pydev_do_not_trace"
"""The attribute of a thread that pydevd, on which debugpy and PyCharm's debugger are built, neither traces nor stops:
what its warning of slow evaluations (``pydevd_net_command_factory_json.py``) says to set for one that must go on."""


def is_debugged() -> bool:
    """Whether a debugger looks at the threads that run modules: all of them trace threads that begin, or from
    Python 3.12 on have registered as the process's debugger. Measuring coverage traces threads, too."""
    tracer = threading.gettrace()
    if tracer is not None and not getattr(tracer, "__module__", "").startswith("coverage"):
        return True
    if sys.version_info >= (3, 12):
        return sys.monitoring.get_tool(sys.monitoring.DEBUGGER_ID) is not None
    return False


def go_on_while_others_stop() -> None:
    """Lets the calling thread run on while an editor's debugger stops at a breakpoint in another one: else they
    stop all threads together. Its own breakpoints are passed over from now on."""
    setattr(threading.current_thread(), _LEFT_ALONE, True)


@contextmanager
def going_on_while_others_stop() -> Iterator[None]:
    """:func:`go_on_while_others_stop` for a while."""
    go_on_while_others_stop()
    try:
        yield
    finally:
        setattr(threading.current_thread(), _LEFT_ALONE, False)


def is_inspected(frames: Iterable[FrameType]) -> bool:
    """Whether somebody looks around in what these frames run, at a prompt."""
    return any(frame.f_globals.get("__name__") == "bdb" for frame in frames)


def frames_of(thread: int | None) -> Iterator[FrameType]:
    """What a thread does at this moment, the innermost first."""
    frame = None if thread is None else sys._current_frames().get(thread)  # noqa: SLF001 - documented
    while frame is not None:
        yield frame
        frame = frame.f_back


def was_ended_in_debugger(error: BaseException | None) -> bool:
    """Whether that is what ``quit`` at the prompt of pdb raises in the code that was stopped."""
    bdb = sys.modules.get("bdb")
    return bdb is not None and isinstance(error, bdb.BdbQuit)
