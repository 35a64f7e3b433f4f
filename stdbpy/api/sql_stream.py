"""The answer to SQL as it streams in: JSON, cut anywhere, that may have millions of rows.

Rows are decoded as often as whole ones have arrived, many at a time, so that an answer of any size
takes little memory. Source of the format: ``SqlStmtResult`` in ``crates/client-api-messages`` of
SpacetimeDB 2.8.3; the same since 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from stdbpy.api.answers import NOT_SPACETIMEDB
from stdbpy.api.results import SqlResult
from stdbpy.errors import DecodeError, UnexpectedAnswer
from stdbpy.sats.meta import product_from_json
from stdbpy.sats.types import ProductType


@dataclass(frozen=True, slots=True)
class SqlColumns:
    """The columns of a statement's rows. Begins what belongs to the next statement."""

    columns: ProductType


@dataclass(frozen=True, slots=True)
class SqlRows:
    """Some more rows of the statement."""

    values: list[list[Any]]
    """SATS-JSON, as in :attr:`stdbpy.api.SqlResult.rows`."""
    text: bytes
    """The same as the server wrote them, with commas between: digit for digit."""


@dataclass(frozen=True, slots=True)
class SqlSummary:
    """What else the server says of a statement. Ends what belongs to it."""

    duration_micros: int
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_updated: int = 0


SqlPart = SqlColumns | SqlRows | SqlSummary
"""What a stream of SQL results is made of: for each statement its columns, rows if any, and a summary."""


def gather(parts: Iterable[SqlPart]) -> list[SqlResult]:
    """Whole results, one per statement."""
    results: list[SqlResult] = []
    columns = ProductType()
    rows: list[list[Any]] = []
    for part in parts:
        match part:
            case SqlColumns():
                columns, rows = part.columns, []
            case SqlRows():
                rows += part.values
            case SqlSummary(duration, inserted, deleted, updated):
                results.append(SqlResult(columns, rows, duration, inserted, deleted, updated))
    return results


_PATIENCE = 4096
"""Bytes of an unfinished value from which on it is looked at again only when they have doubled, so
that one endless value does not cost the square of its length."""

_SPACE = re.compile(rb"[ \t\r\n]*")
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_STRUCTURE = re.compile(_STRING + rb'|[][{}"]', re.DOTALL)
"""Strings and brackets. A quote by itself opens a string whose end has not arrived."""
_SCALAR = re.compile(_STRING + rb'|[^][{}",: \t\r\n]+(?=[],} \t\r\n])', re.DOTALL)
_SOME_ROWS = msgspec.json.Decoder(list[list[Any]])
_DECODING_FAILURES = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)

T = TypeVar("T")

_Reading = Generator[SqlPart | None, None, T]
"""Gives the parts it finds, and ``None`` when it needs more bytes."""


class _Stats(msgspec.Struct):
    rows_inserted: int = 0
    rows_deleted: int = 0
    rows_updated: int = 0


class SqlReader:
    """Bytes in, parts out.

    >>> reader = SqlReader()
    >>> [part.columns.names for part in reader.feed(b'[{"schema": {"elements": []}, "rows": [[')]
    [()]
    >>> [part.values for part in reader.feed(b'], []], ')]
    [[[], []]]
    >>> list(reader.feed(b'"total_duration_micros": 5}]'))
    [SqlSummary(duration_micros=5, rows_inserted=0, rows_deleted=0, rows_updated=0)]
    >>> list(reader.end())
    []
    """

    def __init__(self) -> None:
        self._buffer = b""
        self._at = 0
        """How much of the buffer has been read."""
        self._pieces: list[bytes] = []
        """What has come since, which joins the buffer when there is enough of it to go on."""
        self._waiting = self._wanted = 0
        """How many bytes have not been read, and how many there are to be."""
        self._offset = 0
        """Where in the whole answer the buffer begins."""
        self._is_whole = False
        self._steps = self._answer()

    def feed(self, data: bytes) -> Iterator[SqlPart]:
        """The parts that ``data`` completes. Raises :class:`UnexpectedAnswer` for what is no SQL result."""
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting < self._wanted:
            return
        self._join()
        for part in self._steps:
            if part is None:
                return
            yield part

    def end(self) -> Iterator[SqlPart]:
        """The last parts. Raises :class:`UnexpectedAnswer` if the answer is not whole."""
        self._is_whole = True
        self._join()
        for part in self._steps:
            assert part is not None, "more is asked for only while there may be more"
            yield part

    def _join(self) -> None:
        self._offset += self._at
        self._buffer = b"".join((self._buffer[self._at :], *self._pieces))
        self._at = 0
        self._pieces.clear()

    # --- what the answer is made of ----------------------------------------------------------

    def _answer(self) -> _Reading[None]:
        yield from self._take(b"[")
        if (yield from self._next()) == b"]":
            yield from self._take(b"]")
        else:
            yield from self._statement()
            while (yield from self._take(b",]")) == b",":
                yield from self._statement()
        while not self._is_whole:
            yield from self._more()
        if self._skip_space():
            raise self._unexpected("the end")

    def _statement(self) -> _Reading[None]:
        columns: ProductType | None = None
        micros, stats = 0, _Stats()
        separator = yield from self._take(b"{")
        while separator != b"}":
            name = yield from self._value(str)
            yield from self._take(b":")
            if name == "rows":
                if columns is None:
                    raise self._unexpected("the columns in front of the rows")
                yield from self._rows(len(columns.elements))
            elif name == "schema":
                columns = self._columns((yield from self._value(dict[str, Any])))
                yield SqlColumns(columns)
            elif name == "total_duration_micros":
                micros = yield from self._value(int)
            elif name == "stats":
                stats = yield from self._value(_Stats)
            else:
                yield from self._value(object)
            separator = yield from self._take(b",}")
        if columns is None:
            raise self._unexpected("the columns of the statement before that")
        yield SqlSummary(micros, stats.rows_inserted, stats.rows_deleted, stats.rows_updated)

    def _columns(self, schema: dict[str, Any]) -> ProductType:
        try:
            return product_from_json(schema)
        except DecodeError as error:
            raise UnexpectedAnswer(f"the server describes its columns in an unknown way: {error}") from None

    def _rows(self, width: int) -> _Reading[None]:
        yield from self._take(b"[")
        if (yield from self._next()) == b"]":
            yield from self._take(b"]")
            return
        while True:
            # What ends before the last `],[` is a list of whole rows, unless that stands in a string, in a
            # nested value or behind the rows: then it is no list at all, and the brackets are counted.
            cut = self._buffer.rfind(b"],[", self._at) + 1
            rows = self._decoded_rows(cut, width) if cut else None
            if rows is not None:
                yield rows
                self._at = cut + 1
                continue
            cut = self._end_of_rows()
            if not cut:
                yield from self._more()
                continue
            rows = self._decoded_rows(cut, width)
            if rows is None:
                raise self._unexpected("rows")
            yield rows
            self._at = cut
            if (yield from self._take(b",]")) == b"]":
                return

    def _decoded_rows(self, end: int, width: int) -> SqlRows | None:
        text = self._buffer[self._at : end]
        try:
            rows = _SOME_ROWS.decode(b"[%b]" % text)
        except _DECODING_FAILURES:
            return None
        if any(len(row) != width for row in rows):
            raise self._unexpected(f"rows of {width} values")
        return SqlRows(rows, text)

    def _end_of_rows(self) -> int:
        """Where the last whole row that has arrived ends; 0 if none has."""
        depth = end = 0
        for found in _STRUCTURE.finditer(self._buffer, self._at):
            match found[0]:
                case b"[" | b"{":
                    depth += 1
                case b"]" | b"}":
                    depth -= 1
                    if depth < 0:
                        break
                    if depth == 0:
                        end = found.end()
                case b'"':
                    break
        return end

    # --- reading JSON that may not be there yet ----------------------------------------------

    def _more(self) -> _Reading[None]:
        """Waits for more bytes: as many again as are waiting to be read, if these are many."""
        if self._is_whole:
            raise self._unexpected("more")
        waiting = self._waiting = len(self._buffer) - self._at
        self._wanted = 2 * waiting if waiting >= _PATIENCE else waiting + 1
        while self._waiting < self._wanted and not self._is_whole:
            yield None

    def _skip_space(self) -> bool:
        """Whether anything has arrived behind it."""
        space = _SPACE.match(self._buffer, self._at)
        assert space is not None, "no space at all is a match too"
        self._at = space.end()
        return self._at < len(self._buffer)

    def _next(self) -> _Reading[bytes]:
        """The next byte that is no space."""
        while not self._skip_space():
            yield from self._more()
        return self._buffer[self._at : self._at + 1]

    def _take(self, expected: bytes) -> _Reading[bytes]:
        """Reads one of the bytes that are expected here, and says which."""
        found = yield from self._next()
        if found not in expected:
            raise self._unexpected(" or ".join(f"`{chr(byte)}`" for byte in expected))
        self._at += 1
        return found

    def _value(self, shape: type[T]) -> _Reading[T]:
        yield from self._next()
        while not (end := self._end_of_value()):
            yield from self._more()
        text = self._buffer[self._at : end]
        try:
            value = msgspec.json.decode(text, type=shape)
        except _DECODING_FAILURES as error:
            raise self._unexpected(f"something else: {error}") from None
        self._at = end
        return value

    def _end_of_value(self) -> int:
        """Where the value that begins here ends; 0 if its end has not arrived."""
        if self._buffer[self._at : self._at + 1] not in b"[{":
            scalar = _SCALAR.match(self._buffer, self._at)
            return scalar.end() if scalar else 0
        depth = 0
        for found in _STRUCTURE.finditer(self._buffer, self._at):
            match found[0]:
                case b"[" | b"{":
                    depth += 1
                case b"]" | b"}":
                    depth -= 1
                    if depth == 0:
                        return found.end()
                case b'"':
                    break
        return 0

    def _unexpected(self, wanted: str) -> UnexpectedAnswer:
        seen = self._buffer[self._at : self._at + 40].decode("utf-8", "replace")
        what = f"{seen!r}" if seen else "its end"
        return UnexpectedAnswer(
            f"the server's answer is not what SpacetimeDB gives: at byte {self._offset + self._at} there is "
            f"{what} instead of {wanted}",
            body=seen,
            hint=NOT_SPACETIMEDB,
        )
