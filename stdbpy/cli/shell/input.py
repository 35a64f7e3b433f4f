r"""What a piece of input is: statements, a command (``\d message``), or still unfinished."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from stdbpy.errors import UsageError
from stdbpy.sql.statements import is_complete
from stdbpy.sql.tokens import Kind, scan

LAST_RESULT = "_"
_WORDS = {".exit": "q", ".clear": "clear", "exit": "q", "quit": "q", "help": "?"}
"""Commands by other names: those of the official program's shell, and what people try."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    name: str
    r"""Without the ``\``; ``_`` for the last result."""
    arguments: tuple[str, ...] = ()


def is_command(text: str) -> bool:
    words = _bare(text).split(None, 1)
    return bool(words) and (words[0].startswith("\\") or words[0] == LAST_RESULT or _bare(text).lower() in _WORDS)


def read_command(text: str) -> CommandLine:
    """The command in ``text``. Raises :class:`UsageError` for quotes that are never closed."""
    line = _bare(text)
    if line.lower() in _WORDS:
        return CommandLine(_WORDS[line.lower()])
    try:
        name, *arguments = shlex.split(line.replace("\\", "\\\\"))
    except ValueError:
        raise UsageError(f"a quote is never closed: {line}") from None
    return CommandLine(name.removeprefix("\\"), tuple(arguments))


def is_ready(text: str) -> bool:
    """Whether to run what has been typed when the user presses Enter, and not to wait for more: nothing,
    a command, statements that end in a semicolon, or an empty line behind them."""
    if not text.strip() or is_command(text) or is_complete(text):
        return True
    tokens = scan(text)
    is_inside = len(tokens) > 1 and tokens[-2].kind is Kind.UNCLOSED
    return not is_inside and "\n" in text and not text.rpartition("\n")[2].strip()


def _bare(text: str) -> str:
    """Without the semicolon that commands do not need."""
    return text.strip().rstrip("; ")
