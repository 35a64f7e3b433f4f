"""Writes the Python source of functions that write BSATN (layout: see ``bsatn_reading``).

A function takes a value apart into local variables and ends in one expression: ``struct.pack`` of
a run of fixed-size fields, or several such pieces joined. Like the readers, it only notices *that*
a value does not fit; :mod:`stdbpy.sats.bsatn_checking` then finds the field.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from operator import index
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from stdbpy.sats import shapes as s
from stdbpy.sats.accepting import as_bytes, as_sequence, elements_of, numbers_to_bytes
from stdbpy.sats.failures import WRITING_FAILURES
from stdbpy.sats.generated import FunctionText, GlobalNames, function_name, number_code
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, TimeDuration, Timestamp, Variant

_BUILT_IN: dict[str, object] = {
    "index": index,
    "join": b"".join,
    "REVERSED": slice(None, None, -1),
    **{function.__name__: function for function in (as_bytes, as_sequence, elements_of, numbers_to_bytes)},
    **{cls.__name__: cls for cls in (Identity, ConnectionId, Timestamp, TimeDuration, UUID, Some, Ok, Err, Variant)},
}


class WriterSource:
    """Generates the writing function of one type."""

    def __init__(self, shapes: s.Shapes) -> None:
        self.names = GlobalNames(_BUILT_IN)
        self._shapes = shapes

    def whole(self) -> Callable[[Any], bytes]:
        """``value -> data``."""
        body = Writer(self.names, FunctionText(), 1, "0")
        body.write(self._shapes.root, "x")
        body.line(f"return {body.result()}")
        return self._build("whole", f"def whole(x):\n{body.text}")

    def rows(self) -> Callable[[Iterable[Any]], bytes]:
        """``values -> data``, one after the other."""
        body = Writer(self.names, FunctionText(), 2, "0")
        body.write(self._shapes.root, "x")
        body.line(f"append({body.result()})")
        return self._build(
            "rows",
            "def rows(values):\n"
            "    parts = []; append = parts.append\n"
            "    for x in values:\n"
            f"{body.text}\n"
            "    return join(parts)",
        )

    def embedded(
        self, before: bytes, after: bytes, fail: Callable[[BaseException, Any], object]
    ) -> Callable[[int, Any], bytes]:
        """``number, value -> before, number, after, size of the value, value``; ``fail`` is called with what is
        raised for a value that does not fit."""
        body = Writer(self.names, FunctionText(), 2, "0")
        body.write(self._shapes.root, "x")
        start = [
            (f"{len(before)}s", self.names.add("before", before)),
            ("I", "number"),
            (f"{len(after)}s", self.names.add("after", after)),
            ("I", body.size()),
        ]
        body.line(f"return {body.result(start)}")
        failures, failed = self.names.add("failures", WRITING_FAILURES), self.names.add("fail", fail)
        return self._build(
            "embedded",
            f"def embedded(number, x):\n    try:\n{body.text}\n    except {failures} as error: {failed}(error, x)",
        )

    def _build(self, name: str, source: str) -> Callable[..., Any]:
        functions = [self._function(*item) for item in self._shapes.called.items()]
        return self.names.compile(name, "\n\n".join([*functions, source]) + "\n")

    def _function(self, number: int, shape: s.Shape) -> str:
        body = Writer(self.names, FunctionText(), 1, "depth")
        body.line("depth = too_deep(depth)")
        body.write(shape, "x")
        body.line(f"return {body.result()}")
        return f"def {function_name(number)}(x, depth):\n{body.text}"


class Branch(NamedTuple):
    """One variant of a sum: how to recognise it, and an expression for its payload."""

    condition: str
    payload: s.Shape
    expression: str
    """``""`` if nothing follows the tag."""


Run: TypeAlias = list[tuple[str, str]]
"""Fields of fixed size, one behind the other: of each its ``struct`` code and an expression of what to pack."""


class Writer:
    """Writes the statements that check and take apart one value; its bytes are :meth:`result`."""

    def __init__(self, names: GlobalNames, lines: FunctionText, indent: int, depth: str) -> None:
        self._names = names
        self._lines = lines
        self._indent = indent
        self._depth = depth
        self._pieces: list[Run | str] = []

    @property
    def text(self) -> str:
        return str(self._lines)

    def line(self, text: str) -> None:
        self._lines.add(self._indent, text)

    def result(self, start: Run | None = None) -> str:
        """An expression: the bytes of all that was written, behind the fields of ``start``."""
        pieces = self._pieces
        if start:
            pieces = [start + pieces[0], *pieces[1:]] if pieces and isinstance(pieces[0], list) else [start, *pieces]
        match [piece if isinstance(piece, str) else self._packed(piece) for piece in pieces]:
            case []:
                return "b''"
            case [only]:
                return only
            case [first, second]:
                return f"{first} + {second}"
            case expressions:
                return f"join(({', '.join(expressions)}))"

    def size(self) -> str:
        """An expression: how many bytes that is, without any ``start``."""
        fixed = 0
        sizes: list[str] = []
        for position, piece in enumerate(self._pieces):
            if isinstance(piece, list):
                fixed += struct.calcsize("<" + _layout(piece))
            else:
                self._pieces[position] = variable = piece if piece.isidentifier() else self.assign(piece)
                sizes.append(f"len({variable})")
        return " + ".join([str(fixed), *sizes] if fixed or not sizes else sizes)

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
                self._sized(self.assign(f"{x}.encode()"))
            case s.Bytes():
                self._sized(self.assign(f"{x} if {x}.__class__ is bytes else as_bytes({x})"))
            case s.Special():
                self._special(shape, x)
            case s.List(element):
                self._list(element, x)
            case s.Option():
                self._option(shape, x)
            case s.Result(ok, err):
                cls = self.assign(f"{x}.__class__")
                self._branches([Branch(f"{cls} is Ok", ok, f"{x}.value"), Branch(f"{cls} is Err", err, f"{x}.error")])
            case s.Record():
                self._record(shape, x)
            case s.Union():
                self._union(shape, x)
            case s.Call(number):
                self._piece(f"{function_name(number)}({x}, {self._depth})")

    # --- lines and pieces --------------------------------------------------------------------

    def assign(self, expression: str) -> str:
        """Assigns to a new variable."""
        variable = self._lines.variable()
        self.line(f"{variable} = {expression}")
        return variable

    def fixed(self, code: str, expression: str) -> None:
        """Adds a field of fixed size: a ``struct`` code and what to pack."""
        if self._pieces and isinstance(run := self._pieces[-1], list):
            run.append((code, expression))
        else:
            self._pieces.append([(code, expression)])

    def _inner(self) -> Writer:
        """A writer for bytes apart from these, in an indented block."""
        return Writer(self._names, self._lines, self._indent + 1, self._depth)

    def _piece(self, expression: str) -> None:
        """Adds bytes of any length."""
        self._pieces.append(expression)

    def _packed(self, run: Run) -> str:
        values = ", ".join(expression for _, expression in run)
        return f"{self._names.add_struct('pack', _layout(run))}({values})"

    def _sized(self, value: str) -> None:
        self.fixed("I", f"len({value})")
        self._piece(value)

    # --- the parts of write ------------------------------------------------------------------

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
            self.line(f"if {x}.__class__ is not {shape.name} and not isinstance({x}, {shape.name}): raise Bad")
            self.fixed(f"{shape.number.size}s", f"{x}[REVERSED]")
        else:
            # A number is what both are made of, so only the other one and a bool are refused. Seeing the
            # class first costs no more than looking for bools.
            other = "TimeDuration" if shape.name == "Timestamp" else "Timestamp"
            self.line(
                f"if {x}.__class__ is not {shape.name} and {x}.__class__ is not int"
                f" and isinstance({x}, (bool, {other})): raise Bad"
            )
            self.fixed(number_code(shape.number), x)

    def _list(self, element: s.Shape, x: str) -> None:
        code = number_code(element)
        if code:
            self.fixed("I", f"len({x})")
            self._piece(f"numbers_to_bytes({code!r}, {x})")
            return
        elements = self.assign(f"{x} if {x}.__class__ is list else as_sequence({x})")
        parts = self.assign("[]")
        item = self._lines.variable()
        self.line(f"for {item} in {elements}:")
        inner = self._inner()
        inner.write(element, item)
        inner.line(f"{parts}.append({inner.result()})")
        self.fixed("I", f"len({parts})")
        self._piece(f"join({parts})")

    def _option(self, shape: s.Option, x: str) -> None:
        value = self._lines.variable()
        self.line(f"if {x} is None: {value} = b'\\x01'")
        self.line("else:")
        inner = self._inner()
        inner.fixed("B", "0")
        if shape.wrapped:
            inner.line(f"if {x}.__class__ is not Some: raise Bad")
            inner.write(shape.some, inner.assign(f"{x}.value"))
        else:
            inner.write(shape.some, x)
        inner.line(f"{value} = {inner.result()}")
        self._piece(value)

    def _record(self, shape: s.Record, x: str) -> None:
        cls = self._names.add_once(shape.cls) if shape.cls else ""
        if not shape.fields:
            self.line(f"if not isinstance({x}, {cls}): raise Bad" if cls else f"if {x} != (): raise Bad")
            return
        values = [self._lines.variable() for _ in shape.fields]
        targets = ", ".join(values)
        if cls:
            names = self._names.add("names", shape.attributes)
            self.line(f"if {x}.__class__ is {cls}:")
            for value, attribute in zip(values, shape.attributes, strict=True):
                self.line(f"    {value} = {x}.{attribute}")
            self.line(f"else: {targets}, = elements_of({x}, {names})")
        else:
            names = self._names.add("names", shape.labels)
            self.line(f"{targets}, = {x} if {x}.__class__ is tuple else elements_of({x}, {names})")
        for value, field in zip(values, shape.fields, strict=True):
            self.write(field, value)

    def _union(self, shape: s.Union, x: str) -> None:
        if shape.members is not None:
            tags = {id(member): tag for tag, member in enumerate(shape.members)}
            self.fixed("B", f"{self._names.add('tags', tags)}[id({x})]")
        elif shape.classes is not None:
            cls = self.assign(f"{x}.__class__")
            self._branches(
                [
                    Branch(
                        f"{cls} is {self._names.add_once(variant)}", payload, "" if s.is_unit(payload) else f"{x}.value"
                    )
                    for variant, payload in zip(shape.classes, shape.payloads, strict=True)
                ]
            )
        else:
            self.line(f"if {x}.__class__ is not Variant: raise Bad")
            name, value = self.assign(f"{x}.name"), self.assign(f"{x}.value")
            self._branches(
                [
                    Branch(
                        f"{name} == {self._names.add('label', label)}",
                        payload,
                        f"() if {value} is None else {value}" if s.is_unit(payload) else value,
                    )
                    for label, payload in zip(shape.labels, shape.payloads, strict=True)
                ]
            )

    def _branches(self, branches: list[Branch]) -> None:
        value = self._lines.variable()
        for tag, (condition, payload, expression) in enumerate(branches):
            self.line(f"{'elif' if tag else 'if'} {condition}:")
            inner = self._inner()
            inner.fixed("B", str(tag))
            if expression:
                inner.write(payload, inner.assign(expression))
            inner.line(f"{value} = {inner.result()}")
        self.line("else: raise Bad" if branches else "raise Bad")
        self._piece(value)


def _layout(run: Run) -> str:
    return "".join(code for code, _ in run)
