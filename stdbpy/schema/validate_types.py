"""Checks of a module's types: what may be a column, a parameter, a named type.

Source of the rules: ``crates/schema/src/type_for_generate.rs`` and ``def/validate/v9.rs`` of
SpacetimeDB 2.8.3. Clients get a class for each *named* product or sum of the typespace; so a product
or sum inside another type must be a reference to a named one, unless it is one of the special types
that clients know anyway (identities, timestamps, options, …).
"""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.errors import Problem
from stdbpy.sats.types import (
    NEVER,
    SPECIAL_NAMES,
    UNIT,
    AlgebraicType,
    ProductType,
    SumType,
    TypeRef,
    Typespace,
    as_option,
    as_result,
    children,
)
from stdbpy.schema.identifiers import name_problem
from stdbpy.schema.model import ModuleSchema, TypeDef


def is_special(type: AlgebraicType) -> bool:
    """Whether clients know the type without a definition; says nothing about what an option holds."""
    return type in SPECIAL_NAMES or type in (UNIT, NEVER) or as_option(type) is not None or as_result(type) is not None


class TypeUses:
    """Which types of one module may be used for columns, parameters and results."""

    def __init__(self, schema: ModuleSchema) -> None:
        self._typespace: Typespace = schema.typespace
        self._named = {definition.ref for definition in schema.types}
        self._faults: dict[int, str] = {}
        self._recursive: dict[int, bool] = {}

    def fault(self, type: AlgebraicType) -> str:
        """What is wrong, as the end of a sentence that starts with the type; ``""`` if nothing is."""
        if isinstance(type, TypeRef):
            return self._fault_of_reference(type.index)
        if isinstance(type, ProductType | SumType) and not is_special(type):
            kind = "product" if isinstance(type, ProductType) else "sum"
            return f"is a {kind} type without a name of its own"
        if type in SPECIAL_NAMES:
            return ""
        return next(filter(None, map(self.fault, children(type))), "")

    def _fault_of_reference(self, index: int) -> str:
        if index in self._named:
            return ""
        if index not in self._faults:
            if index >= len(self._typespace):
                return f"refers to type number {index}, which does not exist"
            self._faults[index] = f"is made of type number {index}, which is made of itself and has no name"
            self._faults[index] = self.fault(self._typespace[index])
        return self._faults[index]

    def problem(self, where: str, what: str, type: AlgebraicType) -> Iterator[Problem]:
        fault = self.fault(type)
        if fault:
            yield Problem(
                "error", where, f"the type of {what} {fault}", "Make it a named type of the module and refer to that"
            )

    def recursion_problem(self, where: str, what: str, type: AlgebraicType) -> Iterator[Problem]:
        """For what is kept in tables, which views are as well."""
        if self.is_recursive(type):
            yield Problem(
                "error",
                where,
                f"the type of {what} holds itself, which a table cannot store",
                "Keep the parts in a table of their own and refer to them by their key",
            )

    def is_recursive(self, type: AlgebraicType) -> bool:
        """Whether the type holds, anywhere inside, a type that holds itself."""
        if not isinstance(type, TypeRef):
            return any(self.is_recursive(child) for child in children(type))
        if type.index >= len(self._typespace):
            return False
        if type.index not in self._recursive:
            self._recursive[type.index] = True  # as long as it is being looked into
            self._recursive[type.index] = self.is_recursive(self._typespace[type.index])
        return self._recursive[type.index]


def type_problems(schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    """Findings about the module's named types."""
    seen: set[str] = set()
    for definition in schema.types:
        where = f"type {definition.full_name}"
        for name in (*definition.scope, definition.name):  # what the code calls the type may be anything
            if problem := name_problem(where, name):
                yield problem
        if definition.full_name in seen:
            yield Problem("error", where, "two types have this name", "Rename one of them")
        seen.add(definition.full_name)
        yield from _definition_problems(where, definition, schema, uses)


def _definition_problems(where: str, definition: TypeDef, schema: ModuleSchema, uses: TypeUses) -> Iterator[Problem]:
    if definition.ref >= len(schema.typespace):
        yield Problem("error", where, f"it refers to type number {definition.ref}, which does not exist")
        return
    source_members, kind = _members(schema.source_typespace[definition.ref])  # clients see the code's names
    if not kind:
        yield Problem("error", where, "only a product or a sum can be a named type")
        return
    for position, (name, type) in enumerate(source_members):
        member_where = f"{where}.{kind} {name or position}"
        if name is None:
            yield Problem("error", member_where, f"the {kind} has no name")
        elif problem := name_problem(member_where, name):
            yield problem
        yield from uses.problem(member_where, f"the {kind}", type)
    if not definition.custom_ordering:
        # Unnamed members first, then by name.
        keys = [(name is not None, name or "") for name, _ in _members(schema.typespace[definition.ref])[0]]
        if keys != sorted(keys):
            yield Problem(
                "error",
                where,
                f"its {kind}s are not in alphabetical order, nor declared to be in an order of their own",
            )


def _members(type: AlgebraicType) -> tuple[list[tuple[str | None, AlgebraicType]], str]:
    match type:
        case ProductType(elements):
            return [(element.name, element.type) for element in elements], "field"
        case SumType(variants):
            return [(variant.name, variant.type) for variant in variants], "variant"
        case _:
            return [], ""
