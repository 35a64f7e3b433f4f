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
from collections.abc import Callable
from itertools import starmap

from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn_layout import DEPTH_LIMIT, ZERO_SIZE_LIMIT, Bad, TooDeep, function_name, number_code
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, TimeDuration, Timestamp, Variant, uuid_from_int

_BUILT_IN: dict[str, object] = {
    "Bad": Bad,
    "TooDeep": TooDeep,
    "DEPTH_LIMIT": DEPTH_LIMIT,
    "BOOLS": (False, True),
    "from_bytes": int.from_bytes,
    "new_bytes": bytes.__new__,
    "new_int": int.__new__,
    "starmap": starmap,
    "Identity": Identity,
    "ConnectionId": ConnectionId,
    "Timestamp": Timestamp,
    "TimeDuration": TimeDuration,
    "uuid_from_int": uuid_from_int,
    "Some": Some,
    "Ok": Ok,
    "Err": Err,
    "Variant": Variant,
}


def _numbers(code: str, data: bytes) -> list[int] | list[float]:
    numbers = array(code, data)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()


_BUILT_IN["numbers"] = _numbers


class ReaderSource:
    """The source of the reading functions of one type, and the objects that it names."""

    def __init__(self, shapes: s.Shapes, reader: type[Reader] | None = None) -> None:
        self.shapes = shapes
        self._reader = reader or Reader
        self.names: dict[str, object] = dict(_BUILT_IN)
        self._structs: dict[str, str] = {}
        self._classes: dict[type, str] = {}
        self._functions: dict[int, str] = {}

    def name(self, prefix: str, thing: object) -> str:
        """A global name for an object that the source refers to."""
        name = f"{prefix}{len(self.names)}"
        self.names[name] = thing
        return name

    def class_name(self, cls: type) -> str:
        if cls not in self._classes:
            self._classes[cls] = self.name("Class", cls)
        return self._classes[cls]

    def unpacker(self, layout: str, method: str = "unpack_from") -> str:
        key = f"{method} {layout}"
        if key not in self._structs:
            self._structs[key] = self.name("unpack_", getattr(struct.Struct("<" + layout), method))
        return self._structs[key]

    def build(self, name: str, source: str) -> Callable[..., object]:
        """Compiles ``source`` together with the functions of the referenced types it calls."""
        for index, shape in self.shapes.called.items():
            if index not in self._functions:
                self._functions[index] = self._called(index, shape)
        parts = [*self._functions.values(), source]
        exec(compile("\n\n".join(parts), f"<bsatn {name}>", "exec"), self.names)  # noqa: S102
        built = self.names[name]
        assert callable(built)
        return built

    def _called(self, index: int, shape: s.Shape) -> str:
        body = self._reader(self, 1, "depth")
        body.line("depth += 1")
        body.line("if depth > DEPTH_LIMIT: raise TooDeep")
        value = body.read(shape)
        body.flush()
        body.line(f"return {value}, o")
        return f"def {function_name('read', index)}(data, o, depth):\n{body.text}"

    # --- entry points ------------------------------------------------------------------------

    def one(self) -> Callable[[bytes, int], tuple[object, int]]:
        """``(data, offset) -> (value, offset behind it)``; the offset may be past the buffer."""
        body = self._reader(self, 1)
        value = body.read(self.shapes.root)
        body.flush()
        body.line(f"return {value}, o")
        return self.build("one", f"def one(data, o):\n{body.text}")  # type: ignore[return-value]

    def rows(self) -> Callable[[bytes], list[object]]:
        """``data -> values``, one after the other until the end of ``data``."""
        size = s.fixed_size(self.shapes.root)
        if size == 0:
            source = "def rows(data):\n    if data: raise Bad\n    return []\n"
        elif size is not None:
            source = f"def rows(data):\n    return {self._reader(self, 1).fixed_list(self.shapes.root, 'data')}\n"
        else:
            body = self._reader(self, 2)
            value = body.read(self.shapes.root)
            body.flush()
            body.line(f"append({value})")
            source = (
                "def rows(data):\n"
                "    end = len(data)\n    o = 0\n    values = []\n    append = values.append\n"
                f"    while o < end:\n{body.text}\n"
                "    if o != end: raise Bad\n"
                "    return values\n"
            )
        return self.build("rows", source)  # type: ignore[return-value]


class Reader:
    """Writes the statements that read one value at position ``o`` of ``data``.

    Fixed-size reads are collected in ``run`` and only written by :meth:`flush`, all in one; so the
    expression that :meth:`read` gives is valid after the flush.
    """

    def __init__(self, source: ReaderSource, indent: int, depth: str = "0") -> None:
        self.source = source
        self.indent = indent
        self.depth = depth
        self.lines: list[str] = []
        self.run: list[tuple[str, str]] = []
        self._count = 0

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def layout(self) -> str:
        return "".join(code for code, _ in self.run)

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def variable(self) -> str:
        self._count += 1
        return f"v{self._count}"

    def fixed(self, code: str) -> str:
        """Adds a field to the run; its variable."""
        target = self.variable()
        self.run.append((code, target))
        return target

    def flush(self) -> None:
        if not self.run:
            return
        layout = self.layout
        if layout == "B":
            self.line(f"{self.run[0][1]} = data[o]")
        else:
            targets = "".join(f"{target}, " for _, target in self.run if target)
            if targets:
                self.line(f"{targets}= {self.source.unpacker(layout)}(data, o)")
        self.line(f"o += {struct.calcsize('<' + layout)}")
        self.run.clear()

    def read(self, shape: s.Shape) -> str:
        """Reads one value; an expression for it."""
        match shape:
            case s.Bool():
                return f"BOOLS[{self.fixed('B')}]"
            case s.Int():
                return self._int(shape)
            case s.Float():
                return self.fixed(number_code(shape))
            case s.Text():
                return self._text()
            case s.Bytes():
                return self._bytes()
            case s.Special():
                return self._special(shape)
            case s.List(element):
                return self._list(element)
            case s.Option(some, wrapped):
                return self._option(some, wrapped)
            case s.Result(ok, err):
                return self._result(ok, err)
            case s.Record():
                return self._record(shape, [self.read(field) for field in shape.fields])
            case s.Union():
                return self._union(shape)
            case s.Call(index):
                self.flush()
                value = self.variable()
                self.line(f"{value}, o = {function_name('read', index)}(data, o, {self.depth})")
                return value

    def skip(self, shape: s.Shape) -> None:
        """Steps over one value, without looking at it where its size can be known."""
        size = s.fixed_size(shape)
        match shape:
            case _ if size is not None:
                self.run.append((f"{size}x", ""))
            case s.Text() | s.Bytes():
                self._skip_sized(1)
            case s.List(element) if s.fixed_size(element):
                self._skip_sized(s.fixed_size(element) or 0)
            case _:
                self.read(shape)

    def _skip_sized(self, size: int) -> None:
        end = self._slice(size)
        self.line(f"o = {end}")

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
            return f"new_bytes({shape.name}, {self.fixed(f'{shape.number.size}s')}[::-1])"
        return f"new_int({shape.name}, {self._int(shape.number)})"

    def _record(self, shape: s.Record, values: list[str]) -> str:
        if shape.cls is not None:
            return f"{self.source.class_name(shape.cls)}({', '.join(values)})"
        return f"({''.join(f'{value}, ' for value in values)})"

    def _slice(self, size: int = 1) -> str:
        """Reads a length and that many times ``size`` bytes."""
        length = self.fixed("I")
        self.flush()
        value = self.variable()
        self.line(f"{value} = o + {length}" + (f" * {size}" if size != 1 else ""))
        return value

    def _bytes(self) -> str:
        end = self._slice()
        value = self.variable()
        self.line(f"{value} = data[o:{end}]")
        self.line(f"o = {end}")
        return value

    def _text(self) -> str:
        end = self._slice()
        value = self.variable()
        self.line(f"{value} = data[o:{end}].decode()")
        self.line(f"o = {end}")
        return value

    def fixed_list(self, element: s.Shape, data: str) -> str:
        """An expression: the list of the fixed-size elements that fill ``data``."""
        code = number_code(element)
        if code:
            return f"numbers({code!r}, {data})"
        inner = type(self)(self.source, 0)
        value = inner.read(element)
        targets = "".join(f"{target}, " for _, target in inner.run)
        iterate = f"{self.source.unpacker(inner.layout, 'iter_unpack')}({data})"
        if value == f"({targets})":
            return f"list({iterate})"
        if isinstance(element, s.Record) and value.endswith(f"({targets.rstrip(' ,')})"):
            return f"list(starmap({value[: value.index('(')]}, {iterate}))"
        return f"[{value} for {targets}in {iterate}]"

    def _list(self, element: s.Shape) -> str:
        size = s.fixed_size(element)
        value = self.variable()
        if size:
            end = self._slice(size)
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
        item = self.read(element)
        self.flush()
        self.line(f"{value}.append({item})")
        self.indent -= 1
        return value

    def _option(self, some: s.Shape, wrapped: bool) -> str:
        present = (some, "Some(", ")") if wrapped else (some, "", "")
        return self._branches([present, (NOTHING, "None", "")])

    def _result(self, ok: s.Shape, err: s.Shape) -> str:
        return self._branches([(ok, "Ok(", ")"), (err, "Err(", ")")])

    def _union(self, shape: s.Union) -> str:
        name = self.source.name
        if shape.members is not None:
            return f"{name('members_', shape.members)}[{self.fixed('B')}]"
        units = [_unit_value(shape, tag) for tag in range(len(shape.names))]
        if s.fixed_size(shape) == 1:
            return f"{name('units_', tuple(units))}[{self.fixed('B')}]"
        branches = []
        for tag, payload in enumerate(shape.payloads):
            if s.is_unit(payload):
                branches.append((NOTHING, name("unit_", units[tag]), ""))
            elif shape.classes:
                branches.append((payload, f"{self.source.class_name(shape.classes[tag])}(", ")"))
            else:
                branches.append((payload, f"Variant({name('label_', shape.label(tag))}, ", ")"))
        return self._branches(branches)

    def _branches(self, branches: list[tuple[s.Shape, str, str]]) -> str:
        """Reads a tag and the payload it stands for, which goes between the branch's two texts."""
        tag = self.fixed("B")
        self.flush()
        value = self.variable()
        for number, (payload, before, after) in enumerate(branches):
            self.line(f"{'elif' if number else 'if'} {tag} == {number}:")
            self.indent += 1
            inner = "" if payload is NOTHING else self.read(payload)
            self.flush()
            self.line(f"{value} = {before}{inner}{after}")
            self.indent -= 1
        self.line("else: raise Bad" if branches else "raise Bad")
        return value


NOTHING = s.Record((), ())
"""Stands for a branch without payload."""


def _unit_value(shape: s.Union, tag: int) -> object:
    """The one value of a variant without payload (``None`` if it has one)."""
    if not s.is_unit(shape.payloads[tag]):
        return None
    return shape.classes[tag]() if shape.classes else Variant(shape.label(tag))
