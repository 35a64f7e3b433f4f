"""Algebraic types → Python annotations in generated code."""

from __future__ import annotations

from stdbpy.codegen.layout import import_from
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
from stdbpy.schema.model import ModuleSchema

_PRIMITIVES = {Primitive.STRING: "str", Primitive.BOOL: "bool"}


class Annotations:
    """Writes annotations for one file and remembers which names they need.

    Classes of ``types.py`` are written with ``qualifier`` before them: ``types.`` in other files.
    """

    def __init__(self, qualifier: str = "") -> None:
        self._qualifier = qualifier
        self._expanding: list[int] = []
        self.sats_names: set[str] = set()
        """What to import from ``stdbpy.sats``."""
        self.uses_uuid = False
        self.uses_types = False
        """Whether a generated class was named."""

    @property
    def imports(self) -> tuple[str, str]:
        """The import lines for what was used, of the standard library and of stdbpy."""
        standard = import_from("uuid", ["UUID"]) if self.uses_uuid else ""
        return standard, import_from("stdbpy.sats", sorted(self.sats_names))

    def of(self, type: AlgebraicType, classes: dict[int, str], schema: ModuleSchema) -> str:
        """The annotation of a value of ``type``, as the codecs of ``stdbpy.sats`` take and give it.

        ``classes`` are the generated classes by their index in the typespace of ``schema``.
        """
        if type == UUID:
            self.uses_uuid = True
            return "UUID"
        if (special := SPECIAL_NAMES.get(type)) is not None:
            return self._sats(special)
        match type:
            case Primitive():
                return _PRIMITIVES.get(type) or self._sats(type.value.lower())
            case TypeRef(index):
                return self.named(classes[index]) if index in classes else self._expanded(index, classes, schema)
            case ArrayType(element):
                return "bytes" if type == BYTES else f"list[{self.of(element, classes, schema)}]"
            case SumType():
                return self._sum(type, classes, schema)
            case ProductType(elements):
                if not elements:
                    return "tuple[()]"
                return f"tuple[{', '.join(self.of(element.type, classes, schema) for element in elements)}]"

    def named(self, class_name: str) -> str:
        self.uses_types = True
        return f"{self._qualifier}{class_name}"

    def _expanded(self, index: int, classes: dict[int, str], schema: ModuleSchema) -> str:
        """A named type that is neither a product nor a sum has no class."""
        if index in self._expanding:
            return "object"  # an array of itself, of which nothing but empty ones can be
        self._expanding.append(index)
        annotation = self.of(schema.typespace[index], classes, schema)
        self._expanding.pop()
        return annotation

    def _sum(self, type: SumType, classes: dict[int, str], schema: ModuleSchema) -> str:
        some = as_option(type)
        if some is not None:
            payload = self.of(some, classes, schema)
            if as_option(some) is not None:
                payload = f"{self._sats('Some')}[{payload}]"
            return f"{payload} | None"
        both = as_result(type)
        if both is not None:
            ok, err = (self.of(each, classes, schema) for each in both)
            return f"{self._sats('Ok')}[{ok}] | {self._sats('Err')}[{err}]"
        return self._sats("Variant")

    def _sats(self, name: str) -> str:
        self.sats_names.add(name)
        return name
