"""Tracebacks as the author of a module wants to read them: without the frames of stdbpy."""

from __future__ import annotations

import traceback

_OWN_FOLDER = __file__.rsplit("module", 1)[0]


def user_traceback(error: BaseException) -> str:
    """The text of the traceback, ending without a newline; frames inside stdbpy are left out."""
    text = traceback.TracebackException.from_exception(error)
    _leave_out_own_frames(text)
    return "".join(text.format()).rstrip("\n")


def _leave_out_own_frames(text: traceback.TracebackException) -> None:
    kept = [frame for frame in text.stack if not frame.filename.startswith((_OWN_FOLDER, "<frozen importlib"))]
    text.stack = traceback.StackSummary.from_list(kept)
    for other in (text.__cause__, text.__context__):
        if other is not None:
            _leave_out_own_frames(other)
