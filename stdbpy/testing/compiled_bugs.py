"""Bugs of modules in Python that were compiled to WebAssembly.

Their reducers tell the caller of a bug what they tell of a refusal: SpacetimeDB knows one way for both that leaves the
instance as it is. That it was a bug is in the database's log alone, with its traceback.
"""

from __future__ import annotations

import json
from threading import get_ident

from stdbpy.engine.logs import LogStore
from stdbpy.errors import ReducerError

_PANIC = '"level":"Panic"'


class CompiledBug(Exception):
    """What a compiled module in Python has told of a bug. Its traceback is a note."""

    def __init__(self, told: str, where: str) -> None:
        super().__init__(f"{told}{where}")
        self.told = told
        """``ZeroDivisionError: division by zero``, as the caller was told."""


class BugLines:
    """What the log is told of bugs, by the threads that ran into them."""

    def __init__(self, logs: LogStore) -> None:
        self._lines: dict[int, str] = {}
        logs.listen(self._note)

    def forget(self) -> None:
        """Begins a call on this thread."""
        self._lines.pop(get_ident(), None)

    def bug_of(self, told: ReducerError) -> CompiledBug | None:
        """The bug that a call on this thread has ended with, or ``None`` if it was a refusal."""
        line = self._lines.pop(get_ident(), None)
        if line is None:
            return None
        record = json.loads(line)
        place = f" ({record['filename']}:{record['line_number']})" if "line_number" in record else ""
        bug = CompiledBug(str(told), place)
        bug.add_note(record["message"])
        return bug

    def _note(self, line: str) -> None:
        if line.startswith(f"{{{_PANIC}"):
            self._lines[get_ident()] = line
