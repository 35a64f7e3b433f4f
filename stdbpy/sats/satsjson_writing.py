"""BSATN → SATS-JSON: readers of BSATN whose result is made for ``json.dumps``.

The forms are those that the HTTP API of SpacetimeDB gives (``crates/sats``, ``ser/serde.rs``, and
checked against a running 2.8.3): a product is an array of its elements, a sum is
``[tag, payload]``, an array of ``u8`` is text of hex digits, integers of 256 bits are text such as
``"0xff"`` and ``"-0x1"``, all other numbers are JSON numbers, and an ``f32`` has the fewest digits
that say it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn_reading import Branch, Reader
from stdbpy.sats.failures import Bad

_F32 = struct.Struct("<f")


class NotFinite(Bad):
    """Raised by generated code for NaN and infinities, which JSON does not have."""


def finite(number: float) -> float:
    if number - number != 0:
        raise NotFinite
    return number


def finite_or_none(number: float) -> float | None:
    return number if number - number == 0 else None


def shortest_f32(number: float) -> float:
    """The number with the fewest digits that is ``number`` when rounded to 32 bits."""
    if number == int(number) and abs(number) < 1e7:
        return number
    exact = _F32.pack(number)
    for digits in range(1, 9):
        short = float(f"{number:.{digits}g}")
        try:
            if _F32.pack(short) == exact:
                return short
        except OverflowError:  # rounded up beyond the largest f32
            continue
    return float(f"{number:.9g}")


def finite_f32(number: float) -> float:
    return shortest_f32(finite(number))


def finite_f32_or_none(number: float) -> float | None:
    return shortest_f32(number) if number - number == 0 else None


class JsonReader(Reader):
    """Reads BSATN as the JSON that calls and SQL results hold: products and sums are arrays."""

    float_functions: tuple[Callable[[float], float | None], Callable[[float], float | None]] = (finite_f32, finite)

    def read(self, shape: s.Shape) -> str:
        match shape:
            case s.Float(size):
                function = self.float_functions[0 if size == 4 else 1]
                return f"{self.source.names.add_once(function)}({super().read(shape)})"
            case s.Bytes():
                return f"{super().read(shape)}.hex()"
            case _:
                return super().read(shape)

    def fixed_list(self, element: s.Shape, data: str) -> str:
        if isinstance(element, s.Float):
            function = self.float_functions[0 if element.size == 4 else 1]
            return f"list(map({self.source.names.add_once(function)}, {super().fixed_list(element, data)}))"
        return super().fixed_list(element, data)

    def _int(self, shape: s.Int) -> str:
        number = super()._int(shape)
        return f"hex({number})" if shape.size == 32 else number

    def _special(self, shape: s.Special) -> str:
        return self._record(s.Record((shape.field,), (shape.number,)), [self._int(shape.number)])

    def _record(self, shape: s.Record, values: list[str]) -> str:  # noqa: ARG002 - others need the names
        return f"[{', '.join(values)}]"

    def _option(self, shape: s.Option) -> str:
        return self._union(s.Union(("some", "none"), (shape.some, s.Record((), ()))))

    def _result(self, shape: s.Result) -> str:
        return self._union(s.Union(("ok", "err"), (shape.ok, shape.err)))

    def _union(self, shape: s.Union) -> str:
        if s.fixed_size(shape) == 1:
            tags = self.source.names.add("tags", tuple(range(len(shape.names))))
            return f"[{tags}[{self.fixed('B')}], []]"
        return self._branches([Branch(payload, f"[{tag}, ", "]") for tag, payload in enumerate(shape.payloads)])


class LossyJsonReader(JsonReader):
    """As SQL results are: NaN and infinities become ``null``."""

    float_functions = (finite_f32_or_none, finite_or_none)


class ObjectJsonReader(LossyJsonReader):
    """Products as objects of their fields, all else as in SQL results: the form of rows in the answers of
    websocket protocol ``v1.json``."""

    def _record(self, shape: s.Record, values: list[str]) -> str:
        if None in shape.names:
            return super()._record(shape, values)
        labels = [self.source.names.add("label", name) for name in shape.names]
        return "{" + ", ".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True)) + "}"

    def _union(self, shape: s.Union) -> str:
        if s.fixed_size(shape) == 1:
            tags = self.source.names.add("tags", tuple(range(len(shape.names))))
            return f"[{tags}[{self.fixed('B')}], {{}}]"
        return super()._union(shape)


class NamedJsonReader(JsonReader):
    """Products as objects of their fields, sums as an object ``{variant: payload}``: the form of the
    schema route. A product or variant without names stays an array."""

    def _record(self, shape: s.Record, values: list[str]) -> str:
        if not shape.fields or None in shape.names:
            return super()._record(shape, values)
        labels = [self.source.names.add("label", name) for name in shape.names]
        return "{" + ", ".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True)) + "}"

    def _union(self, shape: s.Union) -> str:
        if s.fixed_size(shape) == 1:
            read, names = self.fixed("B"), self.source.names.add("names", shape.names)
            return f"({{{names}[{read}]: []}} if {names}[{read}] is not None else [{read}, []])"
        branches = []
        for tag, (name, payload) in enumerate(zip(shape.names, shape.payloads, strict=True)):
            if name is None:
                branches.append(Branch(payload, f"[{tag}, ", "]"))
            else:
                branches.append(Branch(payload, f"{{{self.source.names.add('label', name)}: ", "}"))
        return self._branches(branches)


class ToldJsonReader(NamedJsonReader):
    """The same where NaN and infinities become ``null``."""

    float_functions = LossyJsonReader.float_functions
