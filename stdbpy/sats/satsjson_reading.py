"""SATS-JSON → Python values, for what ``json.loads`` gives.

Takes what the HTTP API of SpacetimeDB takes (``crates/sats``, ``de/serde.rs``, and checked against
a running 2.8.3), and refuses what it refuses:

- a product: an array of all elements, or an object of exactly its fields;
- a sum: ``[variant, payload]`` or ``{variant: payload}``, where the variant is its name, its tag or
  its tag as text; an option also ``null`` for none;
- an array of ``u8``: an array of numbers, or text of hex digits (without ``0x``);
- integers of 256 bits: text of hex digits with ``0x``, and a sign before it where allowed;
- other integers: numbers written without fraction or exponent; floats: any number.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from typing import Any

from stdbpy.errors import DecodeError, UnknownPart, counted, nearest
from stdbpy.sats import shapes as s
from stdbpy.sats.accepting import fields_fault
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, TimeDuration, Timestamp, Variant, uuid_from_int

Parse = Callable[[Any], Any]

_HEX_NUMBER = re.compile(r"[+-]?0x[0-9a-fA-F]+", re.ASCII)
_TAG = re.compile(r"\+?[0-9]+", re.ASCII)
_F32 = struct.Struct("<f")
_SHOWN_LENGTH = 60


class Mismatch(Exception):
    """JSON that does not fit, with the way to it from the inside out. It never leaves this room:
    callers get the DecodeError."""

    def __init__(self, message: str, hint: str = "", unknown: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
        self.unknown = unknown
        self.path: list[str | int] = []

    def to_error(self) -> DecodeError:
        path = ""
        for step in reversed(self.path):
            if isinstance(step, int):
                path += f"[{step}]"
            else:
                path += f".{step}" if path else step
        message = f"{path}: {self}" if path else str(self)
        if self.unknown is not None:
            return UnknownPart(self.unknown, message, hint=self.hint)
        return DecodeError(message, hint=self.hint)


def shown(obj: object) -> str:
    """JSON in a message, shortened."""
    if obj is None or isinstance(obj, bool):
        return {None: "null", True: "true", False: "false"}[obj]
    text = repr(obj)
    if len(text) > _SHOWN_LENGTH:
        text = text[: _SHOWN_LENGTH - 3] + "..."
    match obj:
        case list():
            return f"the array {text}"
        case dict():
            return f"the object {text}"
        case str():
            return f"the text {text}"
        case _:
            return text


class JsonParsers:
    """Builds the function from JSON to a value for each shape."""

    def __init__(self, shapes: s.Shapes, *, null_is_nan: bool) -> None:
        self._null_is_nan = null_is_nan
        self._called: dict[int, Parse] = {}
        for number, shape in shapes.called.items():
            self._called[number] = self._parser(shape)
        self.root = self._parser(shapes.root)

    def _parser(self, shape: s.Shape) -> Parse:
        match shape:
            case s.Bool():
                return _bool
            case s.Int():
                return _hex_parser(shape) if shape.size == 32 else _int_parser(shape)
            case s.Float():
                return _float_parser(shape, null_is_nan=self._null_is_nan)
            case s.Text():
                return _text
            case s.Bytes():
                return _bytes
            case s.Special():
                return self._special(shape)
            case s.List(element):
                return _list_parser(self._parser(element))
            case s.Option(some, wrapped):
                return self._option(some, wrapped)
            case s.Result(ok, err):
                return _sum_parser(("ok", "err"), (self._parser(ok), self._parser(err)), (Ok, Err))
            case s.Record():
                make: Callable[..., Any] = _tuple if shape.cls is None else shape.cls
                return _product_parser(shape.names, tuple(map(self._parser, shape.fields)), make)
            case s.Union():
                return self._union(shape)
            case s.Call(number):
                return self._call(number)

    def _call(self, number: int) -> Parse:
        return lambda obj: self._called[number](obj)

    def _special(self, shape: s.Special) -> Parse:
        makers: dict[str, Callable[[int], Any]] = {
            "Identity": Identity.from_int,
            "ConnectionId": ConnectionId.from_int,
            "Timestamp": Timestamp,
            "TimeDuration": TimeDuration,
            "Uuid": uuid_from_int,
        }
        return _product_parser((shape.field,), (self._parser(shape.number),), makers[shape.name])

    def _option(self, some: s.Shape, wrapped: bool) -> Parse:
        present: Callable[[Any], Any] = Some if wrapped else _same
        unit = self._parser(s.Record((), ()))
        parse = _sum_parser(("some", "none"), (self._parser(some), unit), (present, _none))

        def parse_option(obj: Any) -> Any:
            return None if obj is None else parse(obj)

        return parse_option

    def _union(self, shape: s.Union) -> Parse:
        makers: list[Callable[[Any], Any]] = []
        for tag, payload in enumerate(shape.payloads):
            if shape.members is not None:
                makers.append(_constant(shape.members[tag]))
            elif shape.classes is not None:
                cls = shape.classes[tag]
                makers.append(_constant(cls()) if s.is_unit(payload) else cls)
            elif s.is_unit(payload):
                makers.append(_constant(Variant(shape.label(tag))))
            else:
                makers.append(_variant_maker(shape.label(tag)))
        return _sum_parser(shape.names, tuple(map(self._parser, shape.payloads)), tuple(makers))


def _tuple(*values: Any) -> tuple[Any, ...]:
    return values


def _same(value: Any) -> Any:
    return value


def _none(_: Any) -> None:
    return None


def _constant(value: Any) -> Callable[[Any], Any]:
    return lambda _: value


def _variant_maker(name: str) -> Callable[[Any], Variant]:
    return lambda payload: Variant(name, payload)


def _bool(obj: Any) -> bool:
    if obj is True or obj is False:
        return obj
    raise Mismatch(f"expected true or false, not {shown(obj)}")


def _text(obj: Any) -> str:
    if not isinstance(obj, str):
        raise Mismatch(f"expected text, not {shown(obj)}")
    if not obj.isascii():
        try:
            obj.encode()
        except UnicodeEncodeError:
            raise Mismatch("the text holds half of a surrogate pair") from None
    return obj


def _bytes(obj: Any) -> bytes:
    if isinstance(obj, str):
        try:
            if not any(map(str.isspace, obj)):
                return bytes.fromhex(obj)
        except ValueError:
            pass
        raise Mismatch(f"expected hex digits, two for each byte, not {shown(obj)}", "Without 0x, as in '00ff'.")
    if not isinstance(obj, list):
        raise Mismatch(f"expected hex digits or an array of numbers from 0 to 255, not {shown(obj)}")
    for position, item in enumerate(obj):
        if type(item) is not int or not 0 <= item <= 255:
            mismatch = Mismatch(f"expected a number from 0 to 255, not {shown(item)}")
            mismatch.path.append(position)
            raise mismatch
    return bytes(obj)


def _int_parser(shape: s.Int) -> Parse:
    lowest, highest = shape.lowest, shape.highest

    def parse(obj: Any) -> int:
        if type(obj) is not int:
            raise Mismatch(f"expected an integer ({shape.name}), not {shown(obj)}")
        if not lowest <= obj <= highest:
            raise Mismatch(f"{obj} is out of range for {shape.name} ({lowest} to {highest})")
        return obj

    return parse


def _hex_parser(shape: s.Int) -> Parse:
    hint = "Integers of 256 bits are text of hex digits in JSON."

    def parse(obj: Any) -> int:
        if not isinstance(obj, str) or not _HEX_NUMBER.fullmatch(obj) or (obj[0] == "-" and not shape.signed):
            raise Mismatch(f"expected text such as '0xff' ({shape.name}), not {shown(obj)}", hint)
        if len(obj) > 80 and len(obj.lstrip("+-0x")) > 64:
            raise Mismatch(f"{shown(obj)} is out of range for {shape.name}")
        number = int(obj, 16)
        if not shape.lowest <= number <= shape.highest:
            raise Mismatch(f"{shown(obj)} is out of range for {shape.name}")
        return number

    return parse


def _float_parser(shape: s.Float, *, null_is_nan: bool) -> Parse:
    def parse(obj: Any) -> float:
        if type(obj) is float:
            number = obj
        elif type(obj) is int:
            try:
                number = float(obj)
            except OverflowError:
                number = math.inf
        elif obj is None and null_is_nan:
            return math.nan
        else:
            raise Mismatch(f"expected a number ({shape.name}), not {shown(obj)}")
        if not math.isfinite(number):
            raise Mismatch(f"{shown(obj)} is no number of JSON", "JSON has neither NaN nor infinities.")
        if shape.size == 4:
            try:
                return float(_F32.unpack(_F32.pack(number))[0])
            except OverflowError:
                return math.copysign(math.inf, number)  # as the server rounds it
        return number

    return parse


def _list_parser(parse_element: Parse) -> Parse:
    def parse(obj: Any) -> list[Any]:
        if not isinstance(obj, list):
            raise Mismatch(f"expected an array, not {shown(obj)}")
        values: list[Any] = []
        try:
            for item in obj:
                values.append(parse_element(item))  # noqa: PERF401 - the position of a mismatch is len(values)
        except Mismatch as mismatch:
            mismatch.path.append(len(values))
            raise
        return values

    return parse


def _product_parser(names: tuple[str | None, ...], parsers: tuple[Parse, ...], make: Callable[..., Any]) -> Parse:
    labels = tuple(name or str(position) for position, name in enumerate(names))
    text = ", ".join(labels)

    def parse(obj: Any) -> Any:
        if isinstance(obj, list):
            if len(obj) != len(parsers):
                raise Mismatch(f"expected {counted(len(parsers), 'element')} ({text}), not {len(obj)}")
            items = obj
        elif isinstance(obj, dict):
            if len(obj) != len(names) or not all(name in obj for name in names):
                raise Mismatch(*fields_fault(obj, names))
            items = [obj[name] for name in names]
        else:
            expected = f"an array or object of {counted(len(parsers), 'element')}"
            raise Mismatch(f"expected {expected} ({text}), not {shown(obj)}")
        values: list[Any] = []
        try:
            for parse_element, item in zip(parsers, items, strict=True):
                values.append(parse_element(item))
        except Mismatch as mismatch:
            mismatch.path.append(labels[len(values)])
            raise
        return make(*values)

    return parse


def _sum_parser(
    names: tuple[str | None, ...], parsers: tuple[Parse, ...], makers: tuple[Callable[[Any], Any], ...]
) -> Parse:
    labels = tuple(name or str(tag) for tag, name in enumerate(names))
    tags = {name: tag for tag, name in reversed(list(enumerate(names))) if name is not None}
    text = ", ".join(labels)

    def tag_of(variant: Any) -> int:
        if isinstance(variant, str):
            number = int(variant[-4:]) if _TAG.fullmatch(variant) and not variant[:-4].strip("+0") else 256
            tag = number if number <= 255 else tags.get(variant, 256)
        elif type(variant) is int:
            tag = variant
        else:
            raise Mismatch(f"expected the name or number of a variant ({text}), not {shown(variant)}")
        if not 0 <= tag < len(parsers):
            message = f"there is no variant {shown(variant).removeprefix('the text ')} (variants: {text})"
            raise Mismatch(message, nearest(str(variant), labels), str(variant))
        return tag

    def parse(obj: Any) -> Any:
        if isinstance(obj, dict) and len(obj) == 1:
            [(variant, payload)] = obj.items()
        elif isinstance(obj, list) and len(obj) == 2:
            variant, payload = obj
        else:
            raise Mismatch(f"expected {{variant: payload}} or [variant, payload] ({text}), not {shown(obj)}")
        tag = tag_of(variant)
        try:
            return makers[tag](parsers[tag](payload))
        except Mismatch as mismatch:
            mismatch.path.append(labels[tag])
            raise

    return parse
