"""The host functions that write into the database's log."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import perf_counter_ns

from stdbpy.engine.host_wasm.guest_call import MOST_HELD, GreedyGuestError, GuestCall
from stdbpy.engine.host_wasm.memory import BadPointerError
from stdbpy.engine.host_wasm.resources import Slab
from stdbpy.engine.logs import Frame, LogStore
from stdbpy.module.host import Errno, LogLevel

LONGEST_TIMER_NAME = 1000
"""Characters of a timer's name that are kept: timers outlive the call, and a guest can start many."""

_NO_LINE = 0xFFFFFFFF
_LEVELS = {level.value: level for level in LogLevel}
_UNITS = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))


@dataclass(frozen=True, slots=True)
class _Timer:
    name: str
    started: int


class LogFunctions:
    def __init__(self, call: GuestCall, logs: LogStore, where: Callable[[], list[Frame]]) -> None:
        """``where`` says where the guest is: innermost function first."""
        self._call = call
        self._logs = logs
        self._where = where
        self._timers: Slab[_Timer] = Slab()

    def console_log(
        self,
        level: int,
        target_at: int,
        target_len: int,
        filename_at: int,
        filename_len: int,
        line_number: int,
        message_at: int,
        message_len: int,
    ) -> None:
        memory = self._call.memory
        # Unlike other functions, this one does nothing when it is given bad pointers.
        with suppress(BadPointerError):
            target = memory.read_any_text(target_at, target_len) if target_at else None
            filename = memory.read_any_text(filename_at, filename_len) if filename_at else None
            message = memory.read_any_text(message_at, message_len)
            kind = _LEVELS.get(level & 0xFF, LogLevel.DEBUG)
            is_panic = kind is LogLevel.PANIC
            if is_panic:
                self._call.panic = message
            self._logs.write(
                kind,
                message,
                target=target,
                filename=filename,
                line_number=None if line_number == _NO_LINE else line_number,
                function=self._call.function,
                trace=self._where() if is_panic else (),
            )

    def console_timer_start(self, name_at: int, name_len: int) -> int:
        if len(self._timers) >= MOST_HELD:
            raise GreedyGuestError(f"the module holds {MOST_HELD} timers")
        name = self._call.memory.read_any_text(name_at, name_len)[:LONGEST_TIMER_NAME]
        return self._timers.add(_Timer(name, perf_counter_ns()))

    def console_timer_end(self, number: int) -> int:
        timer = self._timers.take(number)
        if timer is None:
            return Errno.NO_SUCH_CONSOLE_TIMER.value
        took = _duration(perf_counter_ns() - timer.started)
        name = timer.name.replace("\\", "\\\\").replace('"', '\\"')
        self._logs.write(LogLevel.INFO, f'Timing span "{name}": {took}', function=self._call.function)
        return 0


def _duration(nanoseconds: int) -> str:
    """As SpacetimeDB writes durations: ``1.5ms``."""
    size, unit = next((size, unit) for size, unit in _UNITS if nanoseconds >= size or size == 1)
    number = f"{nanoseconds // size}.{nanoseconds % size:0{len(str(size)) - 1}d}" if size > 1 else str(nanoseconds)
    return (number.rstrip("0").rstrip(".") if "." in number else number) + unit
