"""Writes ``types.py`` of a client package: the classes of rows, other products, and sums."""

from __future__ import annotations

from stdbpy.codegen.annotations import Annotations
from stdbpy.codegen.contents import Part, RowStyle, UnionNames
from stdbpy.codegen.layout import INDENT, LINE_LENGTH, any_of, bracketed, import_from, mapping_argument, quoted
from stdbpy.codegen.names import Scope, constant_case
from stdbpy.codegen.python_file import class_text, python_file
from stdbpy.sats.types import UNIT, ProductType, SumType


def types_file(root: Part, rows: RowStyle) -> str:
    writer = _PydanticTypes() if rows is RowStyle.PYDANTIC else _MsgspecTypes()
    definitions = [text for part in root.walk() for text in writer.definitions(part)]
    return python_file("Types of the module: rows, and what they are made of.", writer.imports(), definitions)


class _MsgspecTypes:
    """Products are ``msgspec.Struct``, sums of payloads are classes of :class:`stdbpy.sats.TaggedUnion`."""

    def __init__(self) -> None:
        self.annotations = Annotations()
        self.typing_names: set[str] = set()
        self.uses_enum = False
        self.uses_products = False

    def imports(self) -> list[str]:
        uuid, sats = self.annotations.imports
        enum = "import enum\n" if self.uses_enum else ""
        standard = enum + import_from("typing", sorted(self.typing_names)) + uuid
        return [standard, self.own_imports(sats)]

    def own_imports(self, sats: str) -> str:
        return ("import msgspec\n" if self.uses_products else "") + sats

    def definitions(self, part: Part) -> list[str]:
        texts = []
        for ref in sorted(part.class_names):
            type = part.schema.typespace[ref]
            if isinstance(type, ProductType):
                texts.append(self._product(part, ref, type))
            elif isinstance(type, SumType):
                union = part.unions.get(ref)
                texts += [self._enum(part, ref, type)] if union is None else self._union(part, ref, type, union)
        return texts

    def _product(self, part: Part, ref: int, type: ProductType) -> str:
        self.uses_products = True
        fields = [
            (field, element.name or field, self.annotations.of(element.type, part.class_names, part.schema))
            for field, element in zip(part.field_names[ref], type.elements, strict=True)
        ]
        return self.product(part.class_names[ref], _what_it_is(part, ref), fields)

    def product(self, name: str, docstring: str, fields: list[tuple[str, str, str]]) -> str:
        """A class with ``fields``: what Python calls them, what the module does, and their annotations."""
        bases = ["msgspec.Struct", "frozen=True", "gc=False"]
        renamed = [(quoted(field), quoted(original)) for field, original, _ in fields if field != original]
        if renamed:
            bases.append(mapping_argument("rename", renamed))
        body = "".join(f"{field}: {annotation}\n" for field, _, annotation in fields)
        return class_text(bracketed(f"class {name}(", bases, "):"), docstring, [body])

    def _enum(self, part: Part, ref: int, type: SumType) -> str:
        self.uses_enum = True
        scope = Scope({"name", "value", "mro"})
        body = []
        for position, variant in enumerate(type.variants):
            original = variant.name or f"variant_{position}"
            # Names such as _A_ are enum's own.
            member = scope.claim(constant_case(original).strip("_") or "_")
            body.append(f"{member} = {quoted(original)}\n")
        return class_text(f"class {part.class_names[ref]}(enum.Enum):", _what_it_is(part, ref), ["".join(body)])

    def _union(self, part: Part, ref: int, type: SumType, union: UnionNames) -> list[str]:
        name = part.class_names[ref]
        texts = [self.union_base(union.base, f"Any variant of :data:`{name}`.")]
        for position, (variant, class_name) in enumerate(zip(type.variants, union.variants, strict=True)):
            original = variant.name or f"variant_{position}"
            unit = variant.type == UNIT
            payload = None if unit else self.annotations.of(variant.type, part.class_names, part.schema)
            texts.append(self.variant(class_name, union.base, original, payload))
        self.typing_names.add("TypeAlias")
        alias = self.union_alias(name, union.variants)
        return [*texts, f'{alias}"""{_what_it_is(part, ref)}"""\n']

    def union_base(self, name: str, docstring: str) -> str:
        self.annotations.sats_names.add("TaggedUnion")
        return class_text(f"class {name}(TaggedUnion):", docstring)

    def variant(self, name: str, base: str, original: str, payload: str | None) -> str:
        head = bracketed(f"class {name}(", [base, f"variant={quoted(original)}"], "):")
        return class_text(head, f"The variant ``{original}``.", [] if payload is None else [f"value: {payload}\n"])

    def union_alias(self, name: str, variants: tuple[str, ...]) -> str:
        if not variants:
            self.typing_names.add("Never")
        return any_of(f"{name}: TypeAlias = ", variants or ["Never"]) + "\n"


class _PydanticTypes(_MsgspecTypes):
    """All of them are pydantic models, which FastAPI takes and gives."""

    def __init__(self) -> None:
        super().__init__()
        self.pydantic_names: set[str] = set()
        self.model_names: set[str] = set()

    def own_imports(self, sats: str) -> str:
        models = import_from("stdbpy.client.pydantic_rows", sorted(self.model_names))
        return import_from("pydantic", sorted(self.pydantic_names)) + models + sats

    def product(self, name: str, docstring: str, fields: list[tuple[str, str, str]]) -> str:
        self.model_names.add("RowModel")
        body = []
        for field, original, annotation in fields:
            if field == original:
                body.append(f"{field}: {annotation}\n")
            else:
                self.pydantic_names.add("Field")
                aliases = [f"{kind}_alias={quoted(original)}" for kind in ("validation", "serialization")]
                body.append(bracketed(f"{field}: {annotation} = Field(", aliases, ")", margin=1) + "\n")
        return class_text(f"class {name}(RowModel):", docstring, ["".join(body)])

    def union_base(self, name: str, docstring: str) -> str:
        self.model_names.add("VariantModel")
        return class_text(f"class {name}(VariantModel):", docstring)

    def variant(self, name: str, base: str, original: str, payload: str | None) -> str:
        self.typing_names.add("Literal")
        body = f"tag: Literal[{quoted(original)}] = {quoted(original)}\n"
        if payload is not None:
            body += f"value: {payload}\n"
        return class_text(f"class {name}({base}):", f"The variant ``{original}``.", [body])

    def union_alias(self, name: str, variants: tuple[str, ...]) -> str:
        if len(variants) < 2:
            return super().union_alias(name, variants)
        self.typing_names.add("Annotated")
        self.pydantic_names.add("Field")
        both = " | ".join(variants)
        if len(both) > LINE_LENGTH - len(INDENT):
            both = f"\n{INDENT}| ".join(variants)
        items = [both, 'Field(discriminator="tag")']
        return bracketed(f"{name}: TypeAlias = Annotated[", items, "]") + "\n"


def _what_it_is(part: Part, ref: int) -> str:
    readers = [relation for relation in part.relations if relation.row_ref == ref]
    if not readers:
        return f"The type ``{part.schema.type_names[ref].full_name}``." if ref in part.schema.type_names else "A type."
    of = " and ".join(f"``{relation.name}``" for relation in readers)
    return f"A row of {of}."
