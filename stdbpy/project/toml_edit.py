"""Changing single keys and tables in TOML text: comments, order and all that is not meant stay as they are.

Blank lines and comments before a table's header belong to that table, as in the official program.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

from stdbpy.errors import ConfigError
from stdbpy.project.toml_file import TomlFile, parse_toml

Body = list[tuple[Any, Item]]
"""What a document or table consists of: items with their keys, blank lines and comments without."""


class TomlEditing:
    """A document on its way to another text; nothing is written.

    Made of a file that was read. Each change counts for the next one, and :meth:`text` gives the result.
    """

    def __init__(self, file: TomlFile) -> None:
        self._file = file
        self._is_crlf = "\r\n" in file.text
        text = file.text.replace("\r\n", "\n")
        self._text = text if text.endswith("\n") or not text else text + "\n"
        self._wanted = parse_toml(file.path, self._text).values

    def file(self) -> TomlFile:
        """What the document says so far."""
        return TomlFile(self._file.path, self._text, self._wanted)

    def text(self) -> str:
        """The new text. Raises :class:`ConfigError` if it does not say exactly what was asked for."""
        if self._wanted == self._file.values:
            return self._file.text
        try:
            is_as_wanted = parse_toml(self._file.path, self._text).values == self._wanted
        except ConfigError:
            is_as_wanted = False
        if not is_as_wanted:
            raise self._refusal()
        return self._text.replace("\n", "\r\n") if self._is_crlf else self._text

    def set(self, key: str, value: str | None) -> None:
        """Gives a key of the document itself a string, or removes it."""
        if self._wanted.get(key) == value:
            return
        _put(self._wanted, key, value)
        top, rest = self._top_and_rest()
        document = self._parse(top)
        if value is None or key in document:
            _put_item(document, key, value)
        else:
            tail = _cut_tail(document.body)
            document.add(key, _string(value))
            document.body.extend(tail or ([(None, tomlkit.ws("\n"))] if rest else []))
        self._text = document.as_string() + rest

    def set_in(self, name: str, number: int, values: Mapping[str, str | None]) -> None:
        """Gives keys of the ``number``-th (from 0) ``[[name]]`` strings, or removes them."""
        document = self._parse(self._text)
        table = self._tables(document, name)[number]
        for key, value in values.items():
            _put(self._wanted[name][number], key, value)
            if value is None or key in table:
                _put_item(table, key, value)
            else:
                tail = _cut_tail(table.value.body)
                table.append(key, _string(value))
                table.value.body.extend(tail)
        self._text = document.as_string()

    def append_to(self, name: str, values: Mapping[str, str | None]) -> None:
        """Adds a ``[[name]]`` with those values that are any after those that are there, else at the end."""
        said = {key: value for key, value in values.items() if value is not None}
        self._wanted[name] = [*self._wanted.get(name, []), said]
        document = self._parse(self._text)
        added = tomlkit.table()
        for key, value in said.items():
            added.append(key, _string(value))
        if self._text.strip():
            added.trivia.indent = "\n"
        if name in document:
            tables = self._tables(document, name)
            tail = _cut_tail(tables[-1].value.body)
            tables.append(added)
            added.value.body.extend(tail)
        else:
            tables = tomlkit.aot()
            tables.append(added)
            document.append(name, tables)
        self._text = document.as_string()

    def remove_from(self, name: str, number: int) -> None:
        """Removes the ``number``-th (from 0) ``[[name]]``; what stands before and after it stays."""
        del self._wanted[name][number]
        document = self._parse(self._text)
        tables = self._tables(document, name)
        tail = "".join(item.as_string() for _, item in _cut_tail(tables[number].value.body))
        if number + 1 < len(tables):
            following: Table = tables[number + 1]
            following.trivia.indent = tail + following.trivia.indent
            del tables[number]
        elif number > 0:
            del tables[number]
            tables[number - 1].value.body.append((None, tomlkit.ws(tail)))
        else:
            del self._wanted[name]
            named = [(key.key, item) for key, item in document.body if key is not None]
            _, after = zip(*named[[key for key, _ in named].index(name) :], strict=True)
            document.remove(name)
            if len(after) > 1 and isinstance(after[1], Table):
                after[1].trivia.indent = tail + after[1].trivia.indent
            else:
                document.body.append((None, tomlkit.ws(tail)))
        self._text = document.as_string()

    def _parse(self, text: str) -> tomlkit.TOMLDocument:
        try:
            document = tomlkit.parse(text)
        except (TOMLKitError, RecursionError):
            raise self._refusal() from None
        if document.as_string() != text:
            raise self._refusal()
        return document

    def _tables(self, document: tomlkit.TOMLDocument, name: str) -> AoT:
        tables = document[name]
        if not isinstance(tables, AoT):  # an inline list, which the official program refuses
            raise self._refusal()
        return tables

    def _top_and_rest(self) -> tuple[str, str]:
        """The text before the first table, and all from there on."""
        document = self._parse(self._text)
        for key, item in list(document.body):
            if isinstance(item, (Table, AoT)) and key is not None and not key.is_dotted():
                document.remove(key)
        top = document.as_string()
        if not self._text.startswith(top):
            raise self._refusal()
        return top, self._text[len(top) :]

    def _refusal(self) -> ConfigError:
        return ConfigError(
            f"{self._file.path} is written in a way that cannot be changed without touching more than is meant",
            hint="It is left as it was; change it by hand.",
        )


def _put(values: dict[str, Any], key: str, value: str | None) -> None:
    if value is None:
        values.pop(key, None)
    else:
        values[key] = value


def _put_item(container: tomlkit.TOMLDocument | Table, key: str, value: str | None) -> None:
    if value is not None:
        container[key] = _string(value)
    elif key in container:
        container.remove(key)


def _string(value: str) -> Item:
    return tomlkit.string(value, multiline="\n" in value)


def _cut_tail(body: Body) -> Body:
    """Takes off the blank lines and comments at the end; of nothing else, those after the first blank line."""
    start = len(body)
    while start and body[start - 1][0] is None:
        start -= 1
    if start == 0:
        blank = next((place for place, (_, item) in enumerate(body) if not item.as_string().strip()), None)
        start = 0 if blank is None else blank
    tail = body[start:]
    del body[start:]
    return tail
