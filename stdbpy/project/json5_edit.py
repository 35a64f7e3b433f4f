"""Changing one value in a JSON5 file: comments, order, quotes and all other lines stay as they are."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from stdbpy.errors import ConfigError
from stdbpy.project.json5_file import Json5File, decode_json5, key_of, parse_json5, parse_model
from stdbpy.replacing import rewrite_file

_INDENT = "  "


def write_value(path: Path, keys: Sequence[str], value: Any) -> bool:
    """Makes ``value`` (of JSON's kinds) what the file at ``path`` says under ``keys``, one inside the other.

    A file that is not there is made; so are objects on the way. Returns whether anything had to be
    written. Raises :class:`ConfigError` if the file is broken, has something else than an object on the
    way, or cannot be written; it is then left as it is.
    """

    def edit(content: bytes | None) -> bytes:
        text = _new_text(keys, value) if content is None else edited(decode_json5(path, content), keys, value)
        return text.encode()

    try:
        return rewrite_file(path, edit)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error


def edited(file: Json5File, keys: Sequence[str], value: Any) -> str:
    """The text of ``file`` with ``value`` under ``keys``. Raises :class:`ConfigError`."""
    wanted = _with(file, keys, value)
    if wanted == file.values:
        return file.text
    try:
        text = _Editing(file.text).put(keys, value)
        is_as_wanted = parse_json5(file.path, text).values == wanted
    except (ValueError, RecursionError, ConfigError):
        is_as_wanted = False
    if not is_as_wanted:
        raise ConfigError(
            f"{file.path} cannot be changed without touching more than {'.'.join(keys)}",
            hint="It is left as it was; change it by hand.",
        )
    return text


def _with(file: Json5File, keys: Sequence[str], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(file.values)
    inner = result
    for depth, key in enumerate(keys[:-1], start=1):
        inner = inner.setdefault(key, {})
        if not isinstance(inner, dict):
            raise file.error(f"{'.'.join(keys[:depth])} must be an object, in braces", *keys[:depth])
    inner[keys[-1]] = value
    return result


def _new_text(keys: Sequence[str], value: Any) -> str:
    return _json(_nested(keys, value), "\n") + "\n"


def _nested(keys: Sequence[str], value: Any) -> Any:
    for key in reversed(keys):
        value = {key: value}
    return value


def _json(value: Any, line_break: str) -> str:
    """``value``, its inner lines begun by ``line_break``."""
    return json.dumps(value, ensure_ascii=False, indent=len(_INDENT)).replace("\n", line_break)


class _Editing:
    """Finds places in the text by its syntax tree, whose nodes know line and column."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.line_starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]

    def put(self, keys: Sequence[str], value: Any) -> str:
        node = parse_model(self.text).value
        for depth, key in enumerate(keys):
            found = [pair.value for pair in node.key_value_pairs if key_of(pair.key) == key]
            if not found:
                return self._add(node, key, _nested(keys[depth + 1 :], value))
            node = found[-1]
        start = self._start(node)
        return self.text[:start] + _json(value, self.newline + self._indent(start)) + self.text[self._end(node) :]

    def _add(self, node: Any, key: str, value: Any) -> str:
        """``node`` with one more key, after all that is in it, comments too."""
        closing = self._end(node) - 1
        last_value = self._end(node.values[-1]) if node.values else self._start(node) + 1
        tail = self.text[last_value:closing]
        is_spread = "\n" in tail or (not node.values and not tail.strip())
        outer = self._indent(closing)
        indent = self._indent_of_keys(node, outer)
        line_break = self.newline + indent
        entry = (
            line_break if is_spread else " "
        ) + f"{json.dumps(key, ensure_ascii=False)}: {_json(value, line_break)}"
        comma = "," if node.values and node.trailing_comma is None else ""
        entry += "," if node.trailing_comma is not None else ""
        kept = tail.rstrip()
        end = tail[len(kept) :]
        if is_spread and "\n" not in end:
            end = self.newline + outer
        return self.text[:last_value] + comma + kept + entry + end + self.text[closing:]

    def _start(self, node: Any) -> int:
        return int(self.line_starts[node.lineno - 1] + node.col_offset)

    def _end(self, node: Any) -> int:
        if hasattr(node, "raw_value"):  # the library miscounts where a string of several lines ends
            return self._start(node) + len(node.raw_value)
        return int(self.line_starts[node.end_lineno - 1] + node.end_col_offset)

    def _indent(self, index: int) -> str:
        """The blanks that begin the line of ``index``."""
        line = self.text[self.text.rfind("\n", 0, index) + 1 : index]
        return line[: len(line) - len(line.lstrip(" \t"))]

    def _indent_of_keys(self, node: Any, outer: str) -> str:
        if node.keys:
            start = self._start(node.keys[-1])
            if not self.text[self.text.rfind("\n", 0, start) + 1 : start].strip(" \t"):
                return self._indent(start)
        return outer + _INDENT
