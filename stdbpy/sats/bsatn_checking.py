"""Finds out, slowly, what is wrong with a value or with bytes that a generated function refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from operator import index
from uuid import UUID

from stdbpy.errors import DecodeError, EncodeError, UnknownPart, counted
from stdbpy.sats import shapes as s
from stdbpy.sats.accepting import as_bytes, as_sequence, elements_of, fields_fault
from stdbpy.sats.failures import DEPTH_LIMIT, ZERO_SIZE_LIMIT
from stdbpy.sats.values import ConnectionId, Err, Identity, Ok, Some, TimeDuration, Timestamp, Variant

_LARGEST_F32 = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]

_SPECIAL_CLASSES: dict[str, tuple[type, str]] = {
    "Identity": (Identity, "an Identity"),
    "ConnectionId": (ConnectionId, "a ConnectionId"),
    "Uuid": (UUID, "a uuid.UUID"),
    "Timestamp": (Timestamp, "a Timestamp"),
    "TimeDuration": (TimeDuration, "a TimeDuration"),
}
"""The class of a special value, and the class in a sentence."""

_TIME_HINTS: tuple[tuple[type, type, str], ...] = (
    (Timestamp, TimeDuration, "Add it to a Timestamp: that gives a Timestamp"),
    (Timestamp, datetime, "Say Timestamp.from_datetime(...)"),
    (TimeDuration, Timestamp, "Subtract a Timestamp from it: that gives a TimeDuration"),
    (TimeDuration, timedelta, "Say TimeDuration.from_timedelta(...)"),
)
"""What to do with a value of the second class where the first one is expected."""


def shown(value: object) -> str:
    """``value`` in an error message: its type and, shortened, what it is."""
    text = repr(value)
    kind = type(value).__name__
    shortened = text if len(text) <= 60 else text[:57] + "..."
    return shortened if value is None or text.startswith(kind) else f"{kind} {shortened}"


class ValueChecker:
    """Raises the ``EncodeError`` for a value that does not fit the shape; else does nothing."""

    def __init__(self, shapes: s.Shapes, *, finite: bool = False) -> None:
        self._shapes = shapes
        self._finite = finite

    def check(self, value: object) -> None:
        try:
            self._check(self._shapes.root, value, "", 0)
        except EncodeError as fault:
            # How the value failed in generated code, and where in here it was found, help nobody.
            raise fault.with_traceback(None) from None
        except RecursionError:
            raise EncodeError("the value is nested too deeply") from None

    def _check(self, shape: s.Shape, value: object, path: str, depth: int) -> None:
        match shape:
            case s.Bool():
                if not isinstance(value, bool):
                    raise _misfit("a bool", value, path)
            case s.Int():
                self._int(shape, value, path)
            case s.Float():
                self._float(shape, value, path)
            case s.Text():
                self._text(value, path)
            case s.Bytes():
                self._bytes(value, path)
            case s.Special():
                self._special(shape, value, path)
            case s.List(element):
                try:
                    items = as_sequence(value)
                except TypeError:
                    raise _misfit("a list", value, path) from None
                for position, item in enumerate(items):
                    self._check(element, item, f"{path}[{position}]", depth)
            case s.Option(some, wrapped):
                if value is None:
                    return
                if wrapped:
                    if value.__class__ is not Some:
                        raise _misfit("None or Some(...)", value, path)
                    value = value.value
                self._check(some, value, path, depth)
            case s.Result(ok, err):
                if value.__class__ is Ok:
                    self._check(ok, value.value, _join(path, "ok"), depth)
                elif value.__class__ is Err:
                    self._check(err, value.error, _join(path, "err"), depth)
                else:
                    raise _misfit("Ok(...) or Err(...)", value, path)
            case s.Record():
                self._record(shape, value, path, depth)
            case s.Union():
                self._union(shape, value, path, depth)
            case s.Call(number):
                if depth >= DEPTH_LIMIT:
                    raise EncodeError("the value is nested too deeply", path=_shortened(path))
                self._check(self._shapes.called[number], value, path, depth + 1)

    def _int(self, shape: s.Int, value: object, path: str) -> None:
        if isinstance(value, bool):
            raise _misfit(f"an integer ({shape.name})", value, path)
        try:
            number = index(value)  # type: ignore[arg-type]
        except TypeError:
            raise _misfit(f"an integer ({shape.name})", value, path) from None
        if not shape.lowest <= number <= shape.highest:
            raise EncodeError(
                f"{number} is out of range for {shape.name} ({shape.lowest} to {shape.highest})", path=path
            )

    def _float(self, shape: s.Float, value: object, path: str) -> None:
        if isinstance(value, bool | str | bytes):
            raise _misfit(f"a float ({shape.name})", value, path)
        try:
            number = float(value)  # type: ignore[arg-type]
        except OverflowError:
            raise EncodeError(f"the integer is too large for {shape.name}", path=path) from None
        except (TypeError, ValueError):
            raise _misfit(f"a float ({shape.name})", value, path) from None
        if self._finite and not math.isfinite(number):
            raise EncodeError(
                f"{number} cannot be said in JSON",
                path=path,
                hint="JSON has neither NaN nor infinities. Send a number, or make the field an option.",
            )
        if shape.size == 4 and math.isfinite(number):
            try:
                struct.pack("<f", number)
            except OverflowError:
                raise EncodeError(f"{number} is out of range for f32 (±{_LARGEST_F32:.7g})", path=path) from None

    def _text(self, value: object, path: str) -> None:
        if not isinstance(value, str):
            raise _misfit("a str", value, path)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise EncodeError("the text holds a lone surrogate, which UTF-8 cannot hold", path=path) from None

    def _bytes(self, value: object, path: str) -> None:
        try:
            as_bytes(value)
        except (TypeError, ValueError):
            raise _misfit("bytes (or a list of integers from 0 to 255)", value, path) from None

    def _special(self, shape: s.Special, value: object, path: str) -> None:
        cls, what = _SPECIAL_CLASSES[shape.name]
        if issubclass(cls, int):
            # Any number will do that is not known to be something else.
            hints = [hint for of, given, hint in _TIME_HINTS if of is cls and isinstance(value, given)]
            if hints or isinstance(value, bool) or not hasattr(value, "__index__"):
                raise _misfit(what, value, path, "".join(hints))
            self._int(shape.number, value, path)
        elif not isinstance(value, cls):
            raise _misfit(what, value, path)

    def _record(self, shape: s.Record, value: object, path: str, depth: int) -> None:
        what = shape.cls.__name__ if shape.cls else "a tuple"
        if not shape.fields:
            if value != () if shape.cls is None else not isinstance(value, shape.cls):
                raise _misfit("()" if shape.cls is None else what, value, path)
            return
        labels = shape.labels
        names = shape.attributes or labels
        if isinstance(value, Mapping) and set(value) != set(names):
            fault = fields_fault(value, names)
            raise EncodeError(fault.message, path=path, hint=fault.hint)
        try:
            elements: Sequence[object] = elements_of(value, names)
        except (TypeError, KeyError, AttributeError):
            raise _misfit(f"{what} ({', '.join(labels)})", value, path) from None
        if len(elements) != len(shape.fields):
            expected = f"{counted(len(labels), 'element')} ({', '.join(labels)})"
            raise EncodeError(f"expected {expected}, not {len(elements)}", path=path)
        for label, field, element in zip(labels, shape.fields, elements, strict=True):
            self._check(field, element, _join(path, label), depth)

    def _union(self, shape: s.Union, value: object, path: str, depth: int) -> None:
        if shape.members is not None:
            if not any(value is member for member in shape.members):
                raise _misfit(f"a member of {type(shape.members[0]).__name__}", value, path)
            return
        if shape.classes is not None:
            for tag, cls in enumerate(shape.classes):
                if value.__class__ is cls:
                    if not s.is_unit(shape.payloads[tag]):
                        self._check(shape.payloads[tag], value.value, _join(path, shape.label(tag)), depth)  # type: ignore[attr-defined]
                    return
            raise _misfit(" or ".join(cls.__name__ for cls in shape.classes), value, path)
        labels = shape.labels
        if value.__class__ is not Variant:
            raise _misfit(f"Variant(name) with a name of {', '.join(labels)}", value, path)
        if value.name not in labels:
            raise EncodeError(f"{value.name!r} is none of the variants {', '.join(labels)}", path=path)
        payload = shape.payloads[labels.index(value.name)]
        if not (s.is_unit(payload) and value.value is None):
            self._check(payload, value.value, _join(path, value.name), depth)


class BytesChecker:
    """Raises the ``DecodeError`` for bytes that are not a value of the shape; else gives the offset
    behind the value."""

    def __init__(self, shapes: s.Shapes, data: bytes) -> None:
        self._shapes = shapes
        self._data = data

    def check(self, offset: int) -> int:
        try:
            return self._check(self._shapes.root, offset, 0)
        except RecursionError:
            raise DecodeError("the value is nested too deeply", offset=offset) from None

    def check_rows(self) -> None:
        """Checks values one after the other until the end of the data."""
        offset = 0
        while offset < len(self._data):
            start, offset = offset, self.check(offset)
            if offset == start:
                raise DecodeError("bytes are left over: rows of this type take none", offset=offset)

    def _check(self, shape: s.Shape, o: int, depth: int) -> int:
        match shape:
            case s.Bool():
                self._take(o, 1, "bool")
                if self._data[o] > 1:
                    raise DecodeError(f"{self._data[o]} is no bool", offset=o, expected="bool")
                return o + 1
            case s.Int(size) | s.Float(size):
                return self._take(o, size, shape.name)
            case s.Special(name, _, number):
                return self._take(o, number.size, name)
            case s.Text():
                return self._text(o)
            case s.Bytes():
                length, start = self._length(o, "bytes")
                return self._take(start, length, "bytes", o)
            case s.List(element):
                return self._list(element, o, depth)
            case s.Option(some):
                return self._branch((some, None), "an option", o, depth)
            case s.Result(ok, err):
                return self._branch((ok, err), "a result", o, depth)
            case s.Record(fields=fields):
                for field in fields:
                    o = self._check(field, o, depth)
                return o
            case s.Union(payloads=payloads):
                return self._branch(payloads, "a sum type", o, depth)
            case s.Call(number):
                if depth >= DEPTH_LIMIT:
                    raise DecodeError("the value is nested too deeply", offset=o)
                return self._check(self._shapes.called[number], o, depth + 1)

    def _take(self, o: int, size: int, expected: str, reported: int | None = None) -> int:
        if o + size > len(self._data):
            raise DecodeError(
                f"the data ends after {counted(len(self._data), 'byte')}; {o + size} are needed",
                offset=o if reported is None else reported,
                expected=expected,
            )
        return o + size

    def _length(self, o: int, expected: str) -> tuple[int, int]:
        start = self._take(o, 4, expected)
        return int.from_bytes(self._data[o:start], "little"), start

    def _text(self, o: int) -> int:
        length, start = self._length(o, "str")
        end = self._take(start, length, "str", o)
        try:
            self._data[start:end].decode()
        except UnicodeDecodeError as error:
            raise DecodeError("the text is not UTF-8", offset=start + error.start, expected="str") from None
        return end

    def _list(self, element: s.Shape, o: int, depth: int) -> int:
        length, start = self._length(o, "list")
        least = self._shapes.least_size(element)
        if least == 0 and length > ZERO_SIZE_LIMIT:
            raise DecodeError(
                f"an array of {length} elements that take no bytes; the limit is {ZERO_SIZE_LIMIT}",
                offset=o,
                expected="list",
            )
        self._take(start, length * least, "list", o)
        end = start
        for _ in range(length):
            end = self._check(element, end, depth)
        return end

    def _branch(self, payloads: Sequence[s.Shape | None], expected: str, o: int, depth: int) -> int:
        self._take(o, 1, expected)
        tag = self._data[o]
        if tag >= len(payloads):
            raise UnknownPart(
                tag, f"unknown tag {tag} (of {counted(len(payloads), 'variant')})", offset=o, expected=expected
            )
        payload = payloads[tag]
        return o + 1 if payload is None else self._check(payload, o + 1, depth)


def _misfit(expected: str, value: object, path: str, hint: str = "") -> EncodeError:
    return EncodeError(f"expected {expected}, not {shown(value)}", path=path, hint=hint)


def _shortened(path: str) -> str:
    return path if len(path) <= 120 else f"{path[:58]} ... {path[-57:]}"


def _join(path: str, label: str) -> str:
    return f"{path}.{label}" if path else label
