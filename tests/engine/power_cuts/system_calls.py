"""What a process asked the system to do to the files of a folder, in order, as ``strace`` saw it.

Limits: a call counts as begun when strace noted it, which can be a moment after calls of other threads that
began later; and nothing is seen of memory that is mapped to a file, which SQLite does not do as we use it.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

_TRACED = (
    "openat,write,pwrite64,writev,pwritev,fsync,fdatasync,ftruncate,unlink,unlinkat,rename,renameat,renameat2,"
    "link,mkdir,rmdir,fallocate,mmap"
)
_WHOLE = re.compile(r"(\d+) +(\w+)\((.*)\) += (-?\d+|\?)(<.*?>)?.*", re.DOTALL)
_BEGUN = re.compile(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>")
_ENDED = re.compile(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (-?\d+|\?)(<.*?>)?.*")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_FILE = re.compile(r"(?:\d+|AT_FDCWD)<((?:\\x[0-9a-f]{2})*)(?:\(deleted\))?>")


@dataclass(frozen=True)
class Call:
    """``number`` tells the calls of one process apart; the end of a call has the one of its beginning."""

    number: int
    name: str
    arguments: str
    has_ended: bool

    @property
    def path(self) -> str:
        """The file or folder of its first argument."""
        return self.paths[0]

    @property
    def paths(self) -> list[str]:
        return [_text(found) for found in _FILE.findall(self.arguments)]

    @property
    def strings(self) -> list[bytes]:
        return [_bytes(found) for found in _STRING.findall(self.arguments)]

    @property
    def last_number(self) -> int:
        return int(self.arguments.rpartition(",")[2])


def _bytes(hex: str) -> bytes:
    return bytes.fromhex(hex.replace("\\x", ""))


def _text(hex: str) -> str:
    return _bytes(hex).decode()


def record(trace: Path, seconds: float, *arguments: str) -> None:
    """Runs ``python -m arguments`` for so long, and notes its calls in the file ``trace``."""
    process = [sys.executable, "-m", *arguments]
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000000", "-e", f"trace={_TRACED}", "-o", str(trace)]
    try:
        subprocess.run(
            [*strace, "timeout", "-s", "KILL", str(seconds), *process], stdout=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError as missing:
        pytest.skip(f"needs {missing.filename}, which is not installed")


def calls(trace: Path) -> Iterator[Call]:
    """Each call twice, when it began and when it ended; those that failed are left out."""
    begun: dict[str, Call] = {}
    for number, line in enumerate(trace.read_text().splitlines()):
        if match := _BEGUN.fullmatch(line):
            thread, name, arguments = match.groups()
            begun[thread] = call = Call(number, name, arguments, has_ended=False)
            yield call
        elif match := _ENDED.fullmatch(line):
            thread, name, rest, result, _ = match.groups()
            call = begun.pop(thread)
            if not result.startswith("-"):
                yield Call(call.number, name, call.arguments + rest, has_ended=True)
        elif match := _WHOLE.fullmatch(line):
            _, name, arguments, result, _ = match.groups()
            if not result.startswith("-"):
                for has_ended in (False, True):
                    yield Call(number, name, arguments, has_ended)
