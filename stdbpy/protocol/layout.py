"""Message layouts: which classes the messages of one side are, and codecs for all of them.

A message is a sum type whose tag is its class: a byte in BSATN, the key of an object in JSON. New
versions of SpacetimeDB append classes, so that an unknown tag is one that came later.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Generic, NoReturn, TypeVar, cast

import msgspec

from stdbpy.errors import DecodeError, EncodeError, UnknownPart
from stdbpy.protocol.row_list import RowList, checked_row_list
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import Codec, compile_codec
from stdbpy.sats.satsjson import JsonCodec, compile_json_codec
from stdbpy.sats.tagged_union import TaggedUnion
from stdbpy.sats.values import Variant

M = TypeVar("M")

UPGRADE = "Upgrade: pip install -U stdbpy"


class Layout:
    """The types of messages and of their parts, each bound to its Python class."""

    def __init__(self) -> None:
        self.typespace: list[t.AlgebraicType] = []
        self.classes: dict[int, type] = {}

    def record(self, cls: type[msgspec.Struct], *types: t.AlgebraicType) -> t.TypeRef:
        """A product with the names that the class has for its fields; ``types`` are in their order."""
        return self._bind(cls, t.product(*zip(cls.__struct_fields__, types, strict=True)))

    def union(self, cls: type[TaggedUnion], *payloads: t.AlgebraicType) -> t.TypeRef:
        """A sum with the variants that the class has."""
        names = (variant.__variant_name__ for variant in cls.__variants__)
        return self._bind(cls, t.sum_of(*zip(names, payloads, strict=True)))

    def enumeration(self, cls: type[enum.Enum]) -> t.TypeRef:
        """A sum whose variants are the members, without payload."""
        return self._bind(cls, t.sum_of(*((member.name, t.UNIT) for member in cls)))

    def row_list(self) -> t.TypeRef:
        """``BsatnRowList``, whose values are :class:`RowList`."""
        hint = t.sum_of(("FixedSize", t.Primitive.U16), ("RowOffsets", t.ArrayType(t.Primitive.U64)))
        return self._bind(_RowListParts, t.product(("size_hint", hint), ("rows_data", t.BYTES)))

    def _bind(self, cls: type, type: t.AlgebraicType) -> t.TypeRef:
        self.typespace.append(type)
        self.classes[len(self.typespace) - 1] = cls
        return t.TypeRef(len(self.typespace) - 1)


class _RowListParts:
    """Stands for :class:`RowList` where codecs bind a class: makes one of the two parts that BSATN
    has, and names the properties that give them back."""

    __match_args__ = ("size_hint", "rows_data")

    def __new__(cls, hint: Variant, data: bytes) -> RowList:  # type: ignore[misc]  # it only makes them
        if hint.name == "FixedSize":
            return checked_row_list(cast("int", hint.value), None, data)
        return checked_row_list(0, cast("list[int]", hint.value), data)


class MessageSet(Generic[M]):
    """The messages that one side sends: encoding and decoding of each.

    ``sender`` names the side in errors; ``messages`` are in the order of their tags.
    """

    def __init__(self, sender: str, layout: Layout, messages: Sequence[t.TypeRef]) -> None:
        self._sender = sender
        self._layout = layout
        self._refs = tuple(messages)
        self._classes = tuple(layout.classes[ref.index] for ref in messages)
        self._tags = {cls: tag for tag, cls in enumerate(self._classes)}

    @cached_property
    def _codecs(self) -> tuple[Codec[Any], ...]:
        return tuple(compile_codec(ref, self._layout.typespace, self._layout.classes) for ref in self._refs)

    @cached_property
    def _json_codecs(self) -> Mapping[str, JsonCodec[Any]]:
        return {
            cls.__name__: compile_json_codec(ref, self._layout.typespace, self._layout.classes, form="named")
            for cls, ref in zip(self._classes, self._refs, strict=True)
        }

    def encode(self, message: M) -> bytes:
        """The message in BSATN. Raises ``EncodeError`` for a value that does not fit."""
        tag = self._tag_of(message)
        return bytes((tag,)) + self._codecs[tag].encode(message)

    def decode_from(self, data: bytes, offset: int) -> tuple[M, int]:
        """The message that starts at ``offset``, and the offset behind it.

        Raises ``DecodeError``; for tags inside and outside that came later its kind ``UnknownPart``.
        """
        if offset >= len(data):
            raise DecodeError("there is no message", offset=offset, expected=f"a message of the {self._sender}")
        tag = data[offset]
        if tag >= len(self._codecs):
            self._raise_newer(tag, f"The {self._sender}'s message number {tag}")
        try:
            return cast("tuple[M, int]", self._codecs[tag].decode_from(data, offset + 1))
        except UnknownPart as error:
            self._raise_newer(error.part, self._part_of(self._classes[tag].__name__, error))

    def to_json(self, message: M) -> dict[str, Any]:
        """The message as ``json.dumps`` takes it. Raises ``EncodeError`` for a value that does not fit."""
        name = self._classes[self._tag_of(message)].__name__
        return {name: self._json_codecs[name].to_json(message)}

    def from_json(self, obj: Any) -> M:
        """The message that ``json.loads`` gave. Raises as :meth:`decode_from` does."""
        if not isinstance(obj, dict) or len(obj) != 1:
            raise DecodeError(f"a message of the {self._sender} is an object with one key, its name")
        [(name, payload)] = obj.items()
        codec = self._json_codecs.get(name)
        if codec is None:
            self._raise_newer(name, f"The {self._sender}'s message {name!r}")
        try:
            return cast("M", codec.from_json(payload))
        except UnknownPart as error:
            self._raise_newer(error.part, self._part_of(name, error))

    def _tag_of(self, message: M) -> int:
        tag = self._tags.get(type(message))
        if tag is None:
            raise EncodeError(f"{type(message).__name__} is no message of the {self._sender}")
        return tag

    def _part_of(self, name: str, error: UnknownPart) -> str:
        return f"A part of the {self._sender}'s message {name} ({error.message})"

    def _raise_newer(self, part: int | str, what: str) -> NoReturn:
        raise UnknownPart(part, f"{what} is newer than this stdbpy understands", hint=UPGRADE) from None
