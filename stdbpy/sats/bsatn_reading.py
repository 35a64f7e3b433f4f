"""Writes the Python source of functions that read BSATN.

Layout (``crates/sats``, ``bsatn``): integers and floats little-endian, a bool is one byte 0 or 1,
strings and arrays are a u32 length followed by the bytes or elements, a product is its elements
one after the other, a sum is a u8 tag followed by the payload.

The functions are built for speed: runs of fixed-size fields go through one ``struct.Struct``, and
a truncated buffer is noticed not at every field but by ``struct``, or at the end because the
position is then past the buffer. What they raise says only *that* the bytes are bad;
:mod:`stdbpy.sats.bsatn_checking` then finds out where and why.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from stdbpy.sats import shapes as s
from stdbpy.sats.failures import READING_FAILURES, ZERO_SIZE_LIMIT
from stdbpy.sats.generated import FunctionText, GlobalNames, function_name, number_code
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, TimeDuration, Timestamp, Variant, uuid_from_int

PROBE_SIZE = 1 << 19
"""How many bytes of rows are read to learn whether the identities in them repeat."""


class SharedIdentities(dict[bytes, bytes]):
    """The ``Identity`` or ``ConnectionId`` for bytes as BSATN has them, the same object for the same
    bytes: most rows name somebody whom others name, too."""

    __slots__ = ()

    def __missing__(self, raw: bytes) -> bytes:
        cls = Identity if len(raw) == Identity.SIZE else ConnectionId
        value = self[raw] = bytes.__new__(cls, raw[::-1])
        return value


def _numbers(code: str, data: bytes) -> list[int] | list[float]:
    numbers = array(code, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


_BUILT_IN: dict[str, object] = {
    "BOOLS": (False, True),
    "REVERSED": slice(None, None, -1),
    "from_bytes": int.from_bytes,
    "new_bytes": bytes.__new__,
    "starmap": starmap,
    "numbers": _numbers,
    "PROBE_SIZE": PROBE_SIZE,
    "SharedIdentities": SharedIdentities,
    "uuid_from_int": uuid_from_int,
    **{cls.__name__: cls for cls in (Identity, ConnectionId, Timestamp, TimeDuration, Some, Ok, Err, Variant)},
}


class ReaderSource:
    """Generates the reading functions of one type; ``reader`` says what they make of the bytes."""

    def __init__(self, shapes: s.Shapes, reader: type[Reader] | None = None) -> None:
        self.shapes = shapes
        self.names = GlobalNames(_BUILT_IN)
        self._reader = reader or Reader
        self._called = ""

    def whole(self) -> Callable[[bytes], Any]:
        """``data -> value``, of which nothing is left over."""
        body = self._reader(self)
        value = body.read_all(self.shapes.root)
        body.line("if o != len(data): raise Bad")
        body.line(f"return {value}")
        return self.build("whole", f"def whole(data):\n    o = 0\n{body.text}")

    def part(self) -> Callable[[bytes, int], tuple[Any, int]]:
        """``(data, offset) -> (value, offset behind it)``."""
        body = self._reader(self)
        value = body.read_all(self.shapes.root)
        body.line("if o > len(data): raise Bad")
        body.line(f"return {value}, o")
        return self.build("part", f"def part(data, o):\n{body.text}")

    def rows(self) -> Callable[[bytes], list[Any]]:
        """``data -> values``, one after the other until the end of ``data``."""
        size = s.fixed_size(self.shapes.root)
        body = self._reader(self)
        if size == 0:
            body.line("if data: raise Bad")
            body.line("return []")
            return self.build("rows", f"def rows(data):\n{body.text}")
        if size is not None:
            body.line(f"return {body.fixed_list(self.shapes.root, 'data')}")
            return self.build("rows", f"def rows(data):\n{body.text}")
        loop = self._loop("end", 1, shared="")
        text = loop.text
        if loop.reads_identities:
            text = (
                "    shared = SharedIdentities()\n"
                "    for stop in (min(PROBE_SIZE, end), end):\n"
                f"{self._loop('stop', 2, shared='shared').text}\n"
                "        if 2 * len(shared) > len(values): break\n"
                f"{text}"
            )
        return self.build(
            "rows",
            "def rows(data):\n"
            "    o = 0; end = len(data); values = []; append = values.append\n"
            f"{text}\n"
            "    if o != end: raise Bad\n"
            "    return values",
        )

    def _loop(self, stop: str, indent: int, *, shared: str) -> Reader:
        body = self._reader(self, indent, shared=shared)
        body.line(f"while o < {stop}:")
        body.indent += 1
        value = body.read_all(self.shapes.root)
        body.line(f"append({value})")
        return body

    def columns(
        self, columns: Sequence[int], fail: Callable[[BaseException, bytes], object]
    ) -> Callable[[bytes], tuple[Any, ...]]:
        """``data of a row -> (values of the columns)``; ``fail`` is called with what is raised for
        bad bytes."""
        row = self.shapes.root
        fields = row.fields if isinstance(row, s.Record) else (row,)
        body = self._reader(self)
        body.indent += 1
        values: dict[int, str] = {}
        for position, field in enumerate(fields[: max(columns, default=-1) + 1]):
            if position in columns:
                values[position] = body.read(field)
            else:
                body.skip(field)
        body.flush()
        body.line("if o > len(data): raise Bad")
        body.line(f"return ({''.join(f'{values[column]}, ' for column in columns)})")
        failures, failed = self.names.add("failures", READING_FAILURES), self.names.add("fail", fail)
        return self.build(
            "columns",
            f"def columns(data):\n    o = 0\n    try:\n{body.text}\n"
            f"    except {failures} as error: {failed}(error, data)",
        )

    def build(self, name: str, source: str) -> Callable[..., Any]:
        """Compiles ``source``, the text of a function ``name``, together with the functions of the
        referenced types that it calls."""
        if not self._called:
            self._called = "\n\n".join(self._function(*item) for item in self.shapes.called.items())
        return self.names.compile(name, f"{self._called}\n\n{source}\n")

    def _function(self, number: int, shape: s.Shape) -> str:
        body = self._reader(self, depth="depth")
        body.line("depth = too_deep(depth)")
        value = body.read_all(shape)
        body.line(f"return {value}, o")
        return f"def {function_name(number)}(data, o, depth):\n{body.text}"


class Branch(NamedTuple):
    """One variant of a sum: its payload goes between two texts; without payload, ``before`` is all."""

    payload: s.Shape | None
    before: str
    after: str = ""


class Reader:
    """Writes the statements that read values at position ``o`` of ``data``.

    Fixed-size reads are collected in ``run`` and only written by :meth:`flush`, all in one; so the
    expression that :meth:`read` gives is valid after the flush. ``shared`` names the variable that
    holds the :class:`SharedIdentities`, if there is one.
    """

    def __init__(self, source: ReaderSource, indent: int = 1, *, depth: str = "0", shared: str = "") -> None:
        self.source = source
        self.indent = indent
        self.reads_identities = False
        self.run: list[tuple[str, str]] = []
        """``(struct code, variable)`` of the fixed-size reads to come; no variable for skipped bytes."""
        self._depth = depth
        self._shared = shared
        self._lines = FunctionText()

    @property
    def text(self) -> str:
        return str(self._lines)

    def line(self, text: str) -> None:
        self._lines.add(self.indent, text)

    def fixed(self, code: str) -> str:
        """Adds a field to the run; its variable."""
        target = self._lines.variable()
        self.run.append((code, target))
        return target

    def flush(self) -> None:
        """Writes the statement that reads the run."""
        if not self.run:
            return
        layout = "".join(code for code, _ in self.run)
        targets = [target for _, target in self.run if target]
        if layout == "B":
            self.line(f"{targets[0]} = data[o]")
        elif targets:
            self.line(f"{', '.join(targets)}, = {self.source.names.add_struct('unpack_from', layout)}(data, o)")
        self.line(f"o += {struct.calcsize('<' + layout)}")
        self.run.clear()

    def read_all(self, shape: s.Shape) -> str:
        """Reads one value and flushes; an expression for it."""
        value = self.read(shape)
        self.flush()
        return value

    def read(self, shape: s.Shape) -> str:
        """Reads one value; an expression for it, valid after the next flush."""
        match shape:
            case s.Bool():
                return f"BOOLS[{self.fixed('B')}]"
            case s.Int():
                return self._int(shape)
            case s.Float():
                return self.fixed(number_code(shape))
            case s.Text():
                return self._slice(".decode()")
            case s.Bytes():
                return self._slice()
            case s.Special():
                return self._special(shape)
            case s.List(element):
                return self._list(element)
            case s.Option():
                return self._option(shape)
            case s.Result():
                return self._result(shape)
            case s.Record():
                return self._record(shape, [self.read(field) for field in shape.fields])
            case s.Union():
                return self._union(shape)
            case s.Call(number):
                self.flush()
                value = self._lines.variable()
                self.line(f"{value}, o = {function_name(number)}(data, o, {self._depth})")
                return value

    def skip(self, shape: s.Shape) -> None:
        """Steps over one value, without looking at it where its size can be known."""
        size = s.fixed_size(shape)
        if size is not None:
            self.run.append((f"{size}x", ""))
            return
        match shape:
            case s.Text() | s.Bytes():
                self.line(f"o = {self._end_of_sized(1)}")
            case s.List(element) if size := s.fixed_size(element):
                self.line(f"o = {self._end_of_sized(size)}")
            case s.Record():
                for field in shape.fields:
                    self.skip(field)
            case _:
                self.read_all(shape)

    def fixed_list(self, element: s.Shape, data: str) -> str:
        """An expression: the list of the fixed-size elements that fill ``data``."""
        code = number_code(element)
        if code:
            return f"numbers({code!r}, {data})"
        inner = type(self)(self.source)
        value = inner.read(element)
        targets = ", ".join(target for _, target in inner.run)
        layout = "".join(code for code, _ in inner.run)
        pieces = f"{self.source.names.add_struct('iter_unpack', layout)}({data})"
        if value == f"({targets},)":
            return f"list({pieces})"
        if (
            isinstance(element, s.Record)
            and element.cls
            and value == f"{self.source.names.add_once(element.cls)}({targets})"
        ):
            return f"list(starmap({self.source.names.add_once(element.cls)}, {pieces}))"
        return f"[{value} for {targets}, in {pieces}]"

    # --- the parts of read -------------------------------------------------------------------

    def _int(self, shape: s.Int) -> str:
        code = number_code(shape)
        if code:
            return self.fixed(code)
        signed = ", signed=True" if shape.signed else ""
        return f"from_bytes({self.fixed(f'{shape.size}s')}, 'little'{signed})"

    def _special(self, shape: s.Special) -> str:
        if shape.name == "Uuid":
            return f"uuid_from_int({self._int(shape.number)})"
        if shape.name in ("Identity", "ConnectionId"):
            raw = self.fixed(f"{shape.number.size}s")
            self.reads_identities = True
            return f"{self._shared}[{raw}]" if self._shared else f"new_bytes({shape.name}, {raw}[REVERSED])"
        return f"{shape.name}({self._int(shape.number)})"

    def _end_of_sized(self, element_size: int) -> str:
        """Reads a length; a variable that holds the position behind that many elements."""
        length = self.fixed("I")
        self.flush()
        end = self._lines.variable()
        self.line(f"{end} = o + {length}" + (f" * {element_size}" if element_size != 1 else ""))
        return end

    def _slice(self, converted: str = "") -> str:
        end = self._end_of_sized(1)
        value = self._lines.variable()
        self.line(f"{value} = data[o:{end}]{converted}")
        self.line(f"o = {end}")
        return value

    def _list(self, element: s.Shape) -> str:
        value = self._lines.variable()
        size = s.fixed_size(element)
        if size:
            end = self._end_of_sized(size)
            self.line(f"{value} = {self.fixed_list(element, f'data[o:{end}]')}")
            self.line(f"o = {end}")
            return value
        length = self.fixed("I")
        self.flush()
        least = self.source.shapes.least_size(element)
        limit = f"(len(data) - o) // {least}" if least else str(ZERO_SIZE_LIMIT)
        self.line(f"if {length} > {limit}: raise Bad")
        self.line(f"{value} = []")
        self.line(f"for _ in range({length}):")
        self.indent += 1
        self.line(f"{value}.append({self.read_all(element)})")
        self.indent -= 1
        return value

    def _record(self, shape: s.Record, values: list[str]) -> str:
        if shape.cls is not None:
            return f"{self.source.names.add_once(shape.cls)}({', '.join(values)})"
        return f"({', '.join(values)},)" if values else "()"

    def _option(self, shape: s.Option) -> str:
        present = Branch(shape.some, "Some(", ")") if shape.wrapped else Branch(shape.some, "")
        return self._branches([present, Branch(None, "None")])

    def _result(self, shape: s.Result) -> str:
        return self._branches([Branch(shape.ok, "Ok(", ")"), Branch(shape.err, "Err(", ")")])

    def _union(self, shape: s.Union) -> str:
        names = self.source.names
        if shape.members is not None:
            return f"{names.add('members', shape.members)}[{self.fixed('B')}]"
        units = tuple(_unit_value(shape, tag) for tag in range(len(shape.payloads)))
        if s.fixed_size(shape) == 1:
            return f"{names.add('units', units)}[{self.fixed('B')}]"
        branches = []
        for tag, payload in enumerate(shape.payloads):
            if s.is_unit(payload):
                branches.append(Branch(None, names.add("unit", units[tag])))
            elif shape.classes:
                branches.append(Branch(payload, f"{names.add_once(shape.classes[tag])}(", ")"))
            else:
                branches.append(Branch(payload, f"Variant({names.add('label', shape.label(tag))}, ", ")"))
        return self._branches(branches)

    def _branches(self, branches: Sequence[Branch]) -> str:
        """Reads a tag and the payload that belongs to it."""
        tag = self.fixed("B")
        self.flush()
        value = self._lines.variable()
        for number, (payload, before, after) in enumerate(branches):
            self.line(f"{'elif' if number else 'if'} {tag} == {number}:")
            self.indent += 1
            inner = "" if payload is None else self.read_all(payload)
            self.line(f"{value} = {before}{inner}{after}")
            self.indent -= 1
        self.line("else: raise Bad" if branches else "raise Bad")
        return value


def _unit_value(shape: s.Union, tag: int) -> object:
    """The one value of a variant without payload (``None`` if it has one)."""
    if not s.is_unit(shape.payloads[tag]):
        return None
    return shape.classes[tag]() if shape.classes else Variant(shape.label(tag))
