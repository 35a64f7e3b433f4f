"""Reading TOML so that a mistake, in the syntax or in what is said, is told with its line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError
from stdbpy.project.config_text import read_content, text_of

_PLACE = re.compile(r"(?P<reason>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class TomlFile:
    """The document that a file holds, and the text, which knows where things are."""

    path: Path
    text: str
    values: dict[str, Any]

    def error(self, message: str, table: str = "", key: str = "", *, number: int = 1, hint: str = "") -> ConfigError:
        """The error about a key of the ``number``-th ``[table]``; about the table itself if there is no key."""
        line = self._line_of(table, key, number)
        return ConfigError(f"{self.path}{f':{line}' if line else ''}: {message}", hint=hint)

    def _line_of(self, table: str, key: str, number: int) -> int | None:
        """No parser tells where a key is. Lines that begin as people write them are found; an inline table or
        text that only looks like one has no line."""
        dotted = r"\s*\.\s*".join(map(re.escape, table.split(".")))
        header = re.compile(rf"\s*\[+\s*{dotted}\s*\]+\s*(#.*)?")
        wanted = re.compile(rf"""\s*(["']?){re.escape(key)}\1\s*=.*""")
        seen, inside = 0, table == ""
        for line, text in enumerate(self.text.splitlines(), start=1):
            if text.lstrip().startswith("["):
                found = header.fullmatch(text) is not None
                seen += found
                inside = found and seen == number
                if inside and not key:
                    return line
            elif inside and key and wanted.fullmatch(text):
                return line
        return None


def read_toml(path: Path) -> TomlFile | None:
    """The file at ``path``, or ``None`` if there is none. Raises :class:`ConfigError`."""
    content = read_content(path)
    return None if content is None else decode_toml(path, content)


def decode_toml(path: Path, content: bytes) -> TomlFile:
    """Like :func:`read_toml`, for what was read from the file."""
    return parse_toml(path, text_of(path, content))


def parse_toml(path: Path, text: str) -> TomlFile:
    """Like :func:`decode_toml`, for text that will be in the file."""
    import tomllib  # takes longer than all the rest, and most commands find no file

    try:
        return TomlFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        place = _PLACE.fullmatch(str(error))
        line = place["line"] if place and place["line"] else text.count("\n") + 1
        raise ConfigError(f"{path}:{line}: not valid TOML: {place['reason'] if place else error}") from None
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
