"""What stands in a database's log of calls that were not made."""

from __future__ import annotations

from typing import Literal

from stdbpy.engine.logs import LogStore
from stdbpy.errors import InvalidArguments
from stdbpy.module.host import LogLevel


def note_unknown(logs: LogStore, kind: Literal["reducer", "procedure"], name: str) -> None:
    """There is none of that name, or none for who called."""
    logs.system(f"A client called a {kind} {name!r}, and there is none", level=LogLevel.ERROR, function=name)


def note_misfit(logs: LogStore, name: str, mismatch: InvalidArguments) -> None:
    """The arguments are not those of the reducer or procedure ``name``."""
    logs.system(
        f"A call was refused: {mismatch}. What called may be made for another version of the module",
        level=LogLevel.ERROR,
        function=name,
    )
