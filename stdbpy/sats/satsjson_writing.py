"""BSATN → SATS-JSON: readers of BSATN whose result is made for ``json.dumps``.

The forms are those that the HTTP API of SpacetimeDB gives (``crates/sats``, ``ser/serde.rs``, and
checked against a running 2.8.3): a product is an array of its elements, a sum is
``[tag, payload]``, an array of ``u8`` is text of hex digits, integers of 256 bits are text such as
``"0xff"`` and ``"-0x1"``, all other numbers are JSON numbers, and an ``f32`` has the fewest digits
that say it.
"""

from __future__ import annotations

import struct

from stdbpy.sats import shapes as s
from stdbpy.sats.bsatn_layout import Bad
from stdbpy.sats.bsatn_reading import Reader

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

    float_functions = (finite_f32, finite)

    def read(self, shape: s.Shape) -> str:
        match shape:
            case s.Float(size):
                convert = self.float_functions[0 if size == 4 else 1]
                self.source.names[convert.__name__] = convert
                return f"{convert.__name__}({super().read(shape)})"
            case s.Bytes():
                return f"{super().read(shape)}.hex()"
            case _:
                return super().read(shape)

    def fixed_list(self, element: s.Shape, data: str) -> str:
        if isinstance(element, s.Float):
            inner = type(self)(self.source, 0)
            value = inner.read(element)
            [(code, target)] = inner.run
            return f"[{value} for {target}, in {self.source.unpacker(code, 'iter_unpack')}({data})]"
        return super().fixed_list(element, data)

    def _int(self, shape: s.Int) -> str:
        number = super()._int(shape)
        return f"hex({number})" if shape.size == 32 else number

    def _special(self, shape: s.Special) -> str:
        return self._record(s.Record((shape.field,), (shape.number,)), [self._int(shape.number)])

    def _record(self, shape: s.Record, values: list[str]) -> str:
        return f"[{', '.join(values)}]"

    def _option(self, some: s.Shape, wrapped: bool) -> str:
        return self._union(s.Union(("some", "none"), (some, s.Record((), ()))))

    def _result(self, ok: s.Shape, err: s.Shape) -> str:
        return self._union(s.Union(("ok", "err"), (ok, err)))

    def _union(self, shape: s.Union) -> str:
        if s.fixed_size(shape) == 1:
            tags = self.source.name("tags_", tuple(range(len(shape.names))))
            return f"[{tags}[{self.fixed('B')}], []]"
        return self._branches([(payload, f"[{tag}, ", "]") for tag, payload in enumerate(shape.payloads)])


class LossyJsonReader(JsonReader):
    """As SQL results are: NaN and infinities become ``null``."""

    float_functions = (finite_f32_or_none, finite_or_none)  # type: ignore[assignment]


class NamedJsonReader(JsonReader):
    """Products as objects of their fields, sums as an object ``{variant: payload}``: the form of the
    schema route. A product or variant without names stays an array."""

    def _record(self, shape: s.Record, values: list[str]) -> str:
        if not shape.fields or None in shape.names:
            return super()._record(shape, values)
        labels = [self.source.name("label_", name) for name in shape.names]
        return "{" + ", ".join(f"{label}: {value}" for label, value in zip(labels, values, strict=True)) + "}"

    def _union(self, shape: s.Union) -> str:
        return self._branches(
            [
                (payload, f"[{tag}, ", "]")
                if name is None
                else (payload, f"{{{self.source.name('label_', name)}: ", "}")
                for tag, (name, payload) in enumerate(zip(shape.names, shape.payloads, strict=True))
            ]
        )
