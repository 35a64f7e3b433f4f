"""Standard output and error of a module: lines of the database's log."""

import io

import _spacetimedb


class LogStream(io.TextIOBase):
    """Each line that is written becomes an entry of the log; one that has no end, when the call ends."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, level: int) -> None:
        self._level = level
        self._line = ""

    def write(self, text: str, /) -> int:
        *lines, self._line = (self._line + text).split("\n")
        for line in lines:
            _spacetimedb.console_log(self._level, None, None, None, line.encode("utf-8", "replace").decode())
        if self._line:
            _spacetimedb.flush_at_end(self)
        return len(text)

    def flush(self) -> None:
        if self._line:
            self.write("\n")

    def writable(self) -> bool:
        return True
