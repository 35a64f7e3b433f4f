"""Reading JSON5 so that a mistake, in the syntax or in what is said, is told with its line."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError
from stdbpy.project.config_text import read_content, text_of

_LINE_IN_MESSAGE = re.compile(r"line (\d+)")
_INDEX_IN_MESSAGE = re.compile(r"index (\d+)")


@dataclass(frozen=True, slots=True)
class Json5File:
    """The object that a file holds, and the text, which knows where everything is."""

    path: Path
    text: str
    values: dict[str, Any]

    def error(self, message: str, *steps: str | int, hint: str = "") -> ConfigError:
        """The error about the place that ``steps`` (keys and indices, from the top) lead to."""
        return ConfigError(f"{self.path}:{self.line_of(*steps)}: {message}", hint=hint)

    def line_of(self, *steps: str | int) -> int:
        """The line, from 1, of the key or element that ``steps`` lead to; of the last part that is there."""
        from json5.model import JSONArray, JSONObject

        try:
            node: Any = parse_model(self.text).value
        except (ValueError, RecursionError):  # json reads a little that json5 does not, such as U+2028
            return 1
        line = node.lineno or 1
        for step in steps:
            if isinstance(node, JSONObject):
                found = [pair for pair in node.key_value_pairs if key_of(pair.key) == step]
                if not found:
                    break
                line, node = found[-1].key.lineno or line, found[-1].value
            elif isinstance(node, JSONArray) and isinstance(step, int) and step < len(node.values):
                node = node.values[step]
                line = node.lineno or line
            else:
                break
        return int(line)


def read_json5(path: Path) -> Json5File | None:
    """The file at ``path``, or ``None`` if there is none.

    Raises :class:`ConfigError` if it cannot be read, is not JSON5 or holds something else than an object.
    """
    content = read_content(path)
    return None if content is None else decode_json5(path, content)


def decode_json5(path: Path, content: bytes) -> Json5File:
    """Like :func:`read_json5`, for what was read from the file."""
    return parse_json5(path, text_of(path, content))


def parse_json5(path: Path, text: str) -> Json5File:
    """Like :func:`decode_json5`, for text that will be in the file."""
    values = _parse(path, text)
    if not isinstance(values, dict):
        raise ConfigError(f"{path} must hold an object, in braces")
    return Json5File(path, text, values)


def parse_model(text: str) -> Any:
    """The syntax tree (``json5.model.JSONText``) of text that was parsed before."""
    from json5.loader import ModelLoader, loads

    return loads(text, loader=ModelLoader())


def key_of(node: Any) -> str:
    """The key that a node of the syntax tree spells, with or without quotes."""
    return str(node.characters if hasattr(node, "characters") else node.name)


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except ValueError:
        pass  # json is quick to import and reads most files; only a file with more than JSON needs json5
    from json5 import loads

    try:
        return loads(text)
    except RecursionError:
        raise ConfigError(f"{path} is nested too deeply") from None
    except ValueError as error:
        raise ConfigError(f"{path}:{_line_of_syntax_error(error, text)}: not valid JSON5") from None


def _line_of_syntax_error(error: ValueError, text: str) -> int:
    """The library tells the place in words, and for some errors not at all: those end the file."""
    if line := _LINE_IN_MESSAGE.search(str(error)):
        return int(line[1])
    if index := _INDEX_IN_MESSAGE.search(str(error)):
        return text.count("\n", 0, int(index[1])) + 1
    return text.count("\n") + 1
