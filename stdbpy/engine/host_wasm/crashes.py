"""How calls of guests end that do not come to their end."""

from __future__ import annotations

from collections.abc import Sequence

import wasmtime

from stdbpy.engine.host import Crash
from stdbpy.engine.host_wasm.backtraces import frames_of
from stdbpy.engine.host_wasm.guest_call import GreedyGuestError, GuestCall
from stdbpy.engine.host_wasm.memory import BadPointerError
from stdbpy.engine.host_wasm.procedure_functions import OutsideOfProcedureError
from stdbpy.engine.limits import Limits
from stdbpy.engine.logs import Frame
from stdbpy.errors import CallStopped, HostError, seconds


class CrashedError(Exception):
    """A guest has crashed, or has broken the rules between guest and host."""

    def __init__(self, reason: str, frames: Sequence[Frame] = (), *, is_told: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.frames = frames
        """The guest's functions, innermost first."""
        self.is_told = is_told
        """Whether the guest itself has written it into the log."""


def what_ended(call: GuestCall, error: BaseException, limits: Limits) -> BaseException:
    """What to raise for what a call has raised."""
    trap = error if isinstance(error, wasmtime.Trap) else error.__cause__
    frames = frames_of(trap) if isinstance(trap, wasmtime.Trap) else []
    if isinstance(error, wasmtime.Trap):
        if error.trap_code is wasmtime.TrapCode.INTERRUPT:
            return CallStopped(f"{call.function} was stopped: it ran for more than {seconds(limits.seconds)}")
        if call.panic is not None:
            return CrashedError(call.panic, frames, is_told=True)
        return CrashedError(cause_of(error), frames)
    if isinstance(error, wasmtime.WasmtimeError | HostError | BadPointerError | GreedyGuestError):
        return CrashedError(cause_of(error), frames)
    if isinstance(error, OutsideOfProcedureError):
        return CrashedError(str(error), frames)
    return error


def crash_of(error: BaseException) -> Crash:
    """As it is written into the log."""
    if isinstance(error, CrashedError):
        return Crash(error.reason, trace=error.frames, is_told=error.is_told, reason=_end_of_traceback(error.reason))
    return Crash(str(error).strip() or type(error).__name__)


def _end_of_traceback(panic: str) -> str:
    """What comes behind the last traceback in the panic of a Python module: ``KeyError: 'a'``. Empty for others."""
    _, found, last = panic.rpartition("Traceback (most recent call last):\n")
    return next((line for line in last.splitlines() if not line.startswith(" ")), "") if found else ""


def cause_of(error: BaseException) -> str:
    """The last cause of what may be several lines with a trace of the module's functions."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].removeprefix("wasm trap: ") if lines else type(error).__name__
