"""What connections log: with the database and who the client is, and not the same thing over and over."""

from __future__ import annotations

import logging
import time
from collections.abc import MutableMapping
from typing import Any

from stdbpy.errors import StdbError

_EACH = 5
"""How many messages of one wording are logged in each :data:`_PERIOD`."""

_PERIOD = 10.0
"""In seconds."""


class ConnectionLog(logging.LoggerAdapter[logging.Logger]):
    """The logger ``stdbpy.client`` for one connection.

    Messages begin with the database and the first digits of the identity, which records also have as
    ``database`` and ``identity``. A message that is repeated more than five times in ten seconds is left
    out; the next one that is logged says how many were.
    """

    def __init__(self, database: str) -> None:
        super().__init__(logging.getLogger("stdbpy.client"), {"database": database, "identity": ""})
        self._database = database
        self._identity = ""
        self._samples: dict[str, _Sample] = {}

    def known_as(self, identity: str) -> None:
        """``identity`` is in hex."""
        self._identity = identity[:8]
        self.extra = {"database": self._database, "identity": self._identity}

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        kwargs["extra"] = {**(self.extra or {}), **(kwargs.get("extra") or {})}
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        if not self.isEnabledFor(level):
            return
        sample = self._samples.setdefault(str(msg), _Sample())
        left_out = sample.take(time.monotonic())
        if left_out is None:
            return
        if left_out:
            msg = f"{msg} (and {left_out} more like it)"
        name = f"{self._database} {self._identity}".rstrip()
        if args:  # then it is a format
            name = name.replace("%", "%%")
        super().log(level, f"[{name}] {msg}", *args, **kwargs)


def with_hint(error: StdbError) -> str:
    """An error as a message has it that shows no traceback."""
    return f"{error} ({error.hint.rstrip('.')})" if error.hint else str(error)


class _Sample:
    __slots__ = ("begin", "left_out", "logged")

    def __init__(self) -> None:
        self.begin = float("-inf")
        self.logged = 0
        self.left_out = 0

    def take(self, now: float) -> int | None:
        """How many were left out before this one; ``None`` if this one is, too."""
        if now - self.begin >= _PERIOD:
            self.begin, self.logged = now, 0
        if self.logged >= _EACH:
            self.left_out += 1
            return None
        self.logged += 1
        left_out, self.left_out = self.left_out, 0
        return left_out
