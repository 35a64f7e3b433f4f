"""The table of docs/command-line/parity.md as data: what the official program has, and what stdbpy makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "command-line" / "parity.md"

LEFT_OUT = "left out"
SAME = "same"

_SECTION = re.compile(r"^## `spacetime ?(?P<command>[\w -]*)`$", re.MULTILINE)
_CODE = re.compile(r"`([^`]+)`")
_SPELLING = re.compile(r"--?\w[\w-]*")


@dataclass(frozen=True)
class Row:
    """One line of a table."""

    path: tuple[str, ...]
    """The official command, without the program's name."""
    spellings: tuple[str, ...]
    """Of an option: ``-s``, ``--server``; the name of a positional argument or subcommand."""
    ours: str
    """The second column."""
    note: str
    """The third one."""

    @property
    def is_option(self) -> bool:
        return self.spellings[0].startswith("-")

    def __str__(self) -> str:
        return " ".join((*self.path, self.spellings[-1]))


def rows() -> Iterator[Row]:
    """All rows, as they stand on the page."""
    parts = _SECTION.split(PAGE.read_text(encoding="utf-8"))[1:]
    for command, text in zip(parts[::2], parts[1::2], strict=True):
        for line in text.partition("\n## ")[0].splitlines():
            if not line.startswith("| `"):
                continue
            theirs, ours, note = (cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1])
            words = _CODE.findall(theirs)
            spellings = [found for word in words for found in _SPELLING.findall(word.partition("=")[0])[:1]]
            is_option = words[0].startswith("-")
            yield Row(tuple(command.split()), tuple(spellings) if is_option else (words[0],), ours, note)


def commands() -> set[tuple[str, ...]]:
    """The official commands that have a section, or a row in that of their group."""
    text = PAGE.read_text(encoding="utf-8")
    sections = {tuple(command.split()) for command in _SECTION.findall(text)}
    return sections | {(*row.path, row.spellings[0]) for row in rows() if not row.is_option}
