"""Writes the Python source of functions that write BSATN (layout: see ``bsatn_reading``).

A function is one expression over local variables: ``struct.pack`` of a run of fixed-size fields,
or several pieces joined. Like the readers, generated writers only notice *that* a value does not
fit; :mod:`stdbpy.sats.bsatn_checking` then finds the field.
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Callable, Mapping, Sequence
from operator import index
from uuid import UUID

from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn_layout import DEPTH_LIMIT, Bad, TooDeep, function_name, number_code
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, Variant


def as_bytes(value: object) -> bytes:
    """The value of a ``u8`` array as bytes. Raises ``TypeError`` or ``ValueError``."""
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    if isinstance(value, list | tuple):
        if bool in set(map(type, value)):
            raise TypeError
        return bytes(value)
    raise TypeError


def as_sequence(value: object) -> Sequence[object]:
    """The value of an array as something with a length. Raises ``TypeError``."""
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping) or not isinstance(value, Sequence):
        raise TypeError
    return value


def elements_of(value: object, names: tuple[str, ...]) -> Sequence[object]:
    """The elements of a product given as a sequence, a mapping or an object with attributes.
    Raises ``TypeError``, ``KeyError`` or ``AttributeError``."""
    if isinstance(value, tuple | list):
        return value
    if isinstance(value, Mapping):
        if len(value) != len(names):
            raise KeyError
        return [value[name] for name in names]
    if isinstance(value, str | bytes | int | float) or value is None:
        raise TypeError
    return [getattr(value, name) for name in names]


def numbers_to_bytes(code: str, value: object) -> bytes:
    """The elements of an array of numbers. Raises ``TypeError``, ``OverflowError`` or ``struct.error``."""
    elements = as_sequence(value)
    if bool in set(map(type, elements)):
        raise TypeError
    if code in "fd":
        return struct.pack(f"<{len(elements)}{code}", *elements)
    numbers = array(code, elements)  # type: ignore[arg-type]
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


_BUILT_IN: dict[str, object] = {
    "Bad": Bad,
    "TooDeep": TooDeep,
    "DEPTH_LIMIT": DEPTH_LIMIT,
    "index": index,
    "join": b"".join,
    "as_bytes": as_bytes,
    "as_sequence": as_sequence,
    "elements_of": elements_of,
    "numbers_to_bytes": numbers_to_bytes,
    "Identity": Identity,
    "ConnectionId": ConnectionId,
    "UUID": UUID,
    "Some": Some,
    "Ok": Ok,
    "Err": Err,
    "Variant": Variant,
}


class WriterSource:
    """The source of the writing function of one type, and the objects that it names."""

    def __init__(self, shapes: s.Shapes) -> None:
        self.shapes = shapes
        self.names: dict[str, object] = dict(_BUILT_IN)
        self._structs: dict[str, str] = {}

    def name(self, prefix: str, thing: object) -> str:
        name = f"{prefix}{len(self.names)}"
        self.names[name] = thing
        return name

    def packer(self, layout: str) -> str:
        if layout not in self._structs:
            self._structs[layout] = self.name("pack_", struct.Struct("<" + layout).pack)
        return self._structs[layout]

    def one(self) -> Callable[[object], bytes]:
        parts = [self._called(index, shape) for index, shape in self.shapes.called.items()]
        body = Writer(self, 1)
        body.write(self.shapes.root, "x")
        body.line(f"return {body.result()}")
        parts.append(f"def one(x):\n{body.text}")
        exec(compile("\n\n".join(parts), "<bsatn writer>", "exec"), self.names)  # noqa: S102
        return self.names["one"]  # type: ignore[return-value]

    def _called(self, index: int, shape: s.Shape) -> str:
        body = Writer(self, 1, depth="depth")
        body.line("depth += 1")
        body.line("if depth > DEPTH_LIMIT: raise TooDeep")
        body.write(shape, "x")
        body.line(f"return {body.result()}")
        return f"def {function_name('write', index)}(x, depth):\n{body.text}"


class Writer:
    """Writes the statements that check and take apart one value; its bytes are :meth:`result`."""

    def __init__(self, source: WriterSource, indent: int, *, depth: str = "0", parent: Writer | None = None) -> None:
        self.source = source
        self.indent = indent
        self.depth = depth
        self.lines: list[str] = parent.lines if parent else []
        self._count: list[int] = parent._count if parent else [0]
        self._run: list[tuple[str, str]] = []
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def line(self, text: str) -> None:
        self.lines.append("    " * self.indent + text)

    def variable(self) -> str:
        self._count[0] += 1
        return f"v{self._count[0]}"

    def inner(self) -> Writer:
        """A writer for bytes apart from these, in an indented block."""
        return Writer(self.source, self.indent + 1, depth=self.depth, parent=self)

    def fixed(self, code: str, expression: str) -> None:
        self._run.append((code, expression))

    def piece(self, expression: str) -> None:
        """Adds bytes of any length."""
        self._flush()
        self._pieces.append(expression)

    def _flush(self) -> None:
        if self._run:
            layout = "".join(code for code, _ in self._run)
            values = ", ".join(expression for _, expression in self._run)
            self._pieces.append(f"{self.source.packer(layout)}({values})")
            self._run.clear()

    def result(self) -> str:
        """An expression: the bytes of all that was written."""
        self._flush()
        match self._pieces:
            case []:
                return "b''"
            case [only]:
                return only
            case [first, second]:
                return f"{first} + {second}"
            case pieces:
                return f"join(({', '.join(pieces)}))"

    def write(self, shape: s.Shape, x: str) -> None:
        """Writes the value of variable ``x``."""
        match shape:
            case s.Bool():
                self.line(f"if {x} is not True and {x} is not False: raise Bad")
                self.fixed("?", x)
            case s.Int():
                self._int(shape, x)
            case s.Float():
                self.line(f"if {x} is True or {x} is False: raise Bad")
                self.fixed(number_code(shape), x)
            case s.Text():
                value = self.variable()
                self.line(f"{value} = {x}.encode()")
                self._sized(value)
            case s.Bytes():
                value = self.variable()
                self.line(f"{value} = {x} if {x}.__class__ is bytes else as_bytes({x})")
                self._sized(value)
            case s.Special():
                self._special(shape, x)
            case s.List(element):
                self._list(element, x)
            case s.Option(some, wrapped):
                self._option(some, wrapped, x)
            case s.Result(ok, err):
                self._classes((("Ok", ok, "value"), ("Err", err, "error")), x)
            case s.Record():
                self._record(shape, x)
            case s.Union():
                self._union(shape, x)
            case s.Call(index):
                self.piece(f"{function_name('write', index)}({x}, {self.depth})")

    def _int(self, shape: s.Int, x: str) -> None:
        self.line(f"if {x} is True or {x} is False: raise Bad")
        code = number_code(shape)
        if code:
            self.fixed(code, x)
        else:
            signed = ", signed=True" if shape.signed else ""
            self.fixed(f"{shape.size}s", f"index({x}).to_bytes({shape.size}, 'little'{signed})")

    def _special(self, shape: s.Special, x: str) -> None:
        if shape.name == "Uuid":
            self.line(f"if not isinstance({x}, UUID): raise Bad")
            self.fixed("16s", f"{x}.int.to_bytes(16, 'little')")
        elif shape.name in ("Identity", "ConnectionId"):
            self.line(f"if not isinstance({x}, {shape.name}): raise Bad")
            self.fixed(f"{shape.number.size}s", f"{x}[::-1]")
        else:
            self._int(shape.number, x)

    def _sized(self, value: str) -> None:
        self.fixed("I", f"len({value})")
        self.piece(value)

    def _list(self, element: s.Shape, x: str) -> None:
        code = number_code(element)
        if code:
            self.fixed("I", f"len({x})")
            self.piece(f"numbers_to_bytes({code!r}, {x})")
            return
        elements, parts, item = self.variable(), self.variable(), self.variable()
        self.line(f"{elements} = {x} if {x}.__class__ is list else as_sequence({x})")
        self.line(f"{parts} = []")
        self.line(f"for {item} in {elements}:")
        inner = self.inner()
        inner.write(element, item)
        inner.line(f"{parts}.append({inner.result()})")
        self.fixed("I", f"len({parts})")
        self.piece(f"join({parts})")

    def _option(self, some: s.Shape, wrapped: bool, x: str) -> None:
        value = self.variable()
        self.line(f"if {x} is None: {value} = b'\\x01'")
        self.line("else:")
        inner = self.inner()
        inner.fixed("B", "0")
        if wrapped:
            payload = self.variable()
            inner.line(f"if {x}.__class__ is not Some: raise Bad")
            inner.line(f"{payload} = {x}.value")
            inner.write(some, payload)
        else:
            inner.write(some, x)
        inner.line(f"{value} = {inner.result()}")
        self.piece(value)

    def _record(self, shape: s.Record, x: str) -> None:
        if not shape.fields:
            if shape.cls is None:
                self.line(f"if {x} != (): raise Bad")
            else:
                self.line(f"if not isinstance({x}, {self.source.name('Class', shape.cls)}): raise Bad")
            return
        values = [self.variable() for _ in shape.fields]
        targets = "".join(f"{value}, " for value in values)
        if shape.cls is None:
            labels = self.source.name("names_", tuple(shape.label(i) for i in range(len(values))))
            self.line(f"{targets}= {x} if {x}.__class__ is tuple else elements_of({x}, {labels})")
        else:
            names = self.source.name("names_", shape.attributes)
            self.line(f"if {x}.__class__ is {self.source.name('Class', shape.cls)}:")
            for value, attribute in zip(values, shape.attributes, strict=True):
                self.line(f"    {value} = {x}.{attribute}")
            self.line(f"else: {targets}= elements_of({x}, {names})")
        for value, field in zip(values, shape.fields, strict=True):
            self.write(field, value)

    def _union(self, shape: s.Union, x: str) -> None:
        if shape.members is not None:
            tags = {member: tag for tag, member in enumerate(shape.members)}
            self.fixed("B", f"{self.source.name('tags_', tags)}[{x}]")
        elif shape.classes is not None:
            names = [self.source.name("Class", cls) for cls in shape.classes]
            self._classes(tuple(zip(names, shape.payloads, ("value",) * len(names), strict=True)), x)
        else:
            self._variants(shape, x)

    def _variants(self, shape: s.Union, x: str) -> None:
        value, payload = self.variable(), self.variable()
        self.line(f"if {x}.__class__ is not Variant: raise Bad")
        self.line(f"{payload} = {x}.value")
        for tag, shape_of_payload in enumerate(shape.payloads):
            label = self.source.name("label_", shape.label(tag))
            self.line(f"{'elif' if tag else 'if'} {x}.name == {label}:")
            self._branch(tag, shape_of_payload, value, payload, takes_none=True)
        self.line("else: raise Bad" if shape.payloads else "raise Bad")
        self.piece(value)

    def _classes(self, branches: tuple[tuple[str, s.Shape, str], ...], x: str) -> None:
        value, payload, cls = self.variable(), self.variable(), self.variable()
        self.line(f"{cls} = {x}.__class__")
        for tag, (name, shape, attribute) in enumerate(branches):
            self.line(f"{'elif' if tag else 'if'} {cls} is {name}:")
            if not s.is_unit(shape) or name in ("Ok", "Err"):
                self.line(f"    {payload} = {x}.{attribute}")
            else:
                self.line(f"    {payload} = None")
            self._branch(tag, shape, value, payload, takes_none=name not in ("Ok", "Err"))
        self.line("else: raise Bad" if branches else "raise Bad")
        self.piece(value)

    def _branch(self, tag: int, shape: s.Shape, value: str, payload: str, *, takes_none: bool) -> None:
        inner = self.inner()
        inner.fixed("B", str(tag))
        if s.is_unit(shape) and takes_none:
            inner.line(f"if {payload} is not None and {payload} != (): raise Bad")
        else:
            inner.write(shape, payload)
        inner.line(f"{value} = {inner.result()}")
