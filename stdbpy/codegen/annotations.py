"""Algebraic types → Python annotations in generated code."""

from __future__ import annotations

from stdbpy.sats.types import (
    BYTES,
    SPECIAL_NAMES,
    UUID,
    AlgebraicType,
    ArrayType,
    Primitive,
    ProductType,
    SumType,
    TypeRef,
    as_option,
    as_result,
)

_PRIMITIVES = {Primitive.STRING: "str", Primitive.BOOL: "bool"}


class Annotations:
    """Writes annotations and remembers which names they need.

    ``class_names`` are the generated classes by their index in the typespace.
    """

    def __init__(self, class_names: dict[int, str]) -> None:
        self.class_names = class_names
        self.sats_names: set[str] = set()
        """What to import from ``stdbpy.sats``."""
        self.uses_uuid = False
        self.referenced: set[int] = set()
        """Typespace indexes of the generated classes that were named."""

    def of(self, type: AlgebraicType) -> str:
        """The annotation of a value of ``type``, as the codecs of ``stdbpy.sats`` take and give it."""
        if type == UUID:
            self.uses_uuid = True
            return "uuid.UUID"
        if (special := SPECIAL_NAMES.get(type)) is not None:
            return self._sats(special)
        match type:
            case Primitive():
                return _PRIMITIVES.get(type) or self._sats(type.value.lower())
            case TypeRef(index):
                self.referenced.add(index)
                return self.class_names[index]
            case ArrayType(element):
                return "bytes" if type == BYTES else f"list[{self.of(element)}]"
            case SumType():
                return self._sum(type)
            case ProductType(elements):
                if not elements:
                    return "tuple[()]"
                return f"tuple[{', '.join(self.of(element.type) for element in elements)}]"

    def _sum(self, type: SumType) -> str:
        some = as_option(type)
        if some is not None:
            payload = self.of(some)
            if as_option(some) is not None:
                payload = f"{self._sats('Some')}[{payload}]"
            return f"{payload} | None"
        both = as_result(type)
        if both is not None:
            ok, err = both
            return f"{self._sats('Ok')}[{self.of(ok)}] | {self._sats('Err')}[{self.of(err)}]"
        return self._sats("Variant")

    def _sats(self, name: str) -> str:
        self.sats_names.add(name)
        return name


def words_used(annotation: str) -> set[str]:
    """The identifiers in an annotation: a field of such a name would hide them in its class."""
    cleaned = "".join(character if character.isalnum() or character == "_" else " " for character in annotation)
    return set(cleaned.split())
