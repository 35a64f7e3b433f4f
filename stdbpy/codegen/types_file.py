"""Writes ``types.py`` of a client package: the classes of rows, products and sums."""

from __future__ import annotations

from stdbpy import sats
from stdbpy.codegen.annotations import Annotations, words_used
from stdbpy.codegen.layout import INDENT, bracketed, import_from, mapping_argument, quoted
from stdbpy.codegen.names import Scope, constant_case, pascal_case, snake_case
from stdbpy.sats.types import UNIT, ProductType, SumType
from stdbpy.schema.model import ModuleSchema

_IMPORTED = frozenset({"annotations", "enum", "msgspec", "uuid", *sats.__all__})


class TypesFile:
    """The classes of the types ``refs`` of ``schema``, and the file that defines them."""

    def __init__(self, schema: ModuleSchema, refs: set[int]) -> None:
        self.schema = schema
        self.refs = sorted(refs)
        self.scope = Scope(_IMPORTED)
        self.class_names = {ref: self.scope.claim(_class_name(schema, ref)) for ref in self.refs}
        self.annotations = Annotations(self.class_names)
        self._uses_enum = False
        self._uses_struct = False

    def text(self) -> str:
        classes = [self._class(ref) for ref in self.refs]
        lines = [
            '"""Types of the module: rows, and what they are made of."""\n',
            "from __future__ import annotations\n",
        ]
        standard = [name for name, used in (("enum", self._uses_enum), ("uuid", self.annotations.uses_uuid)) if used]
        if standard:
            lines.append("".join(f"import {name}\n" for name in standard))
        third_party = "import msgspec\n" if self._uses_struct else ""
        third_party += import_from("stdbpy.sats", sorted(self.annotations.sats_names))
        if third_party:
            lines.append(third_party)
        head = "\n".join(lines)
        return head + "".join(f"\n\n{text}" for text in classes)

    def _class(self, ref: int) -> str:
        type = self.schema.source_typespace[ref]
        name = self.class_names[ref]
        match type:
            case ProductType():
                return self._struct(name, type)
            case SumType(variants) if variants and all(variant.type == UNIT for variant in variants):
                return self._enum(name, type)
            case SumType():
                return self._union(name, type)
            case _:
                return f"{name} = {self.annotations.of(type)}\n"

    def _struct(self, name: str, type: ProductType) -> str:
        self._uses_struct = True
        annotated = [
            (element.name or f"field_{position}", self.annotations.of(element.type))
            for position, element in enumerate(type.elements)
        ]
        hidden = set().union(*(words_used(annotation) for _, annotation in annotated))
        scope = Scope(hidden)
        renamed: list[tuple[str, str]] = []
        body: list[str] = []
        for original, annotation in annotated:
            field = scope.claim(snake_case(original))
            if field != original:
                renamed.append((field, original))
            body.append(f"{INDENT}{field}: {annotation}\n")
        bases = ["msgspec.Struct", "frozen=True", "gc=False"]
        if renamed:
            pairs = [(quoted(field), quoted(original)) for field, original in renamed]
            bases.append(mapping_argument("rename", pairs))
        return bracketed(f"class {name}(", bases, "):") + "\n" + ("".join(body) or f"{INDENT}pass\n")

    def _enum(self, name: str, type: SumType) -> str:
        self._uses_enum = True
        scope = Scope({"name", "value", "mro"})
        lines = []
        for position, variant in enumerate(type.variants):
            original = variant.name or f"variant_{position}"
            # Names such as _A_ are enum's own.
            member = scope.claim(constant_case(original).strip("_") or "_")
            lines.append(f"{INDENT}{member} = {quoted(original)}\n")
        return f"class {name}(enum.Enum):\n" + "".join(lines)

    def _union(self, name: str, type: SumType) -> str:
        self.annotations.sats_names.add("TaggedUnion")
        variants = []
        for position, variant in enumerate(type.variants):
            original = variant.name or f"variant_{position}"
            class_name = self.scope.claim(name + pascal_case(original))
            head = bracketed(f"class {class_name}(", [name, f"variant={quoted(original)}"], "):")
            if variant.type == UNIT:
                variants.append(f"{head}\n{INDENT}pass\n")
            else:
                variants.append(f"{head}\n{INDENT}value: {self.annotations.of(variant.type)}\n")
        text = f"class {name}(TaggedUnion):\n{INDENT}pass\n"
        return text + "".join(f"\n\n{variant}" for variant in variants)


def _class_name(schema: ModuleSchema, ref: int) -> str:
    definition = schema.type_names.get(ref)
    if definition is None:
        return f"Type{ref}"
    return "".join(pascal_case(part) for part in (*definition.source_scope, definition.source_name))
