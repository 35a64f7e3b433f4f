"""One stream for several that write at the same time: each line tells whose it is."""

from __future__ import annotations

import sys
from _thread import interrupt_main
from collections.abc import Callable
from threading import Lock

from stdbpy.cli.terminal import Colour, paint, printable

_COLOURS: tuple[Colour, ...] = ("cyan", "green", "yellow", "blue")


class LabelledLines:
    """Lines on stdout, each behind the label of its writer: ``client | hello``. When nobody reads them any
    more, the main thread is interrupted as by Ctrl-C."""

    def __init__(self, labels: tuple[str, ...]) -> None:
        self._width = max(map(len, labels))
        self._colours = {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(labels)}
        self._lock = Lock()
        self._has_reader = True

    def writer(self, label: str, *, is_painted: bool = False) -> Callable[[str], None]:
        """What writes lines for ``label``, which is one of those given; from any thread. What controls a
        terminal is shown and not done, unless the lines were painted here."""
        shown = paint(f"{label:>{self._width}} |", self._colours[label], sys.stdout)

        def write(text: str) -> None:
            with self._lock:
                if not self._has_reader:
                    return
                try:
                    # In one piece: what others write to the terminal comes before or after it.
                    lines = (f"{shown} {line if is_painted else printable(line)}\n" for line in text.split("\n"))
                    sys.stdout.write("".join(lines))
                    sys.stdout.flush()
                except BrokenPipeError:
                    self._has_reader = False
                    interrupt_main()

        return write
