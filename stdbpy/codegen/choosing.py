"""Chooses what of a module is in the package, and what Python calls it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stdbpy.codegen.contents import Function, IndexAccess, Kind, Part, Relation, RowStyle, UnionNames
from stdbpy.codegen.names import Scope, pascal_case, snake_case
from stdbpy.codegen.reserved import (
    ANNOTATION_WORDS,
    ARGUMENTS_FILE,
    CALLS,
    CONNECTION,
    HANDLE,
    PYDANTIC_MODEL,
    TYPES_FILE,
)
from stdbpy.sats.types import UNIT, AlgebraicType, ProductType, SumType, TypeRef, children
from stdbpy.schema.model import ModuleSchema, Procedure, Reducer, Table, View, Visibility

STEM_ENDINGS = ("Columns", "Handle", "Table", "Tables", "Reducers", "Procedures")
"""What the names of classes beside ``types.py`` end in: a stem is one with which none of them is taken."""


def contents_of(schema: ModuleSchema, *, include_private: bool, rows: RowStyle) -> Part:
    """The module and those mounted in it, reduced to what clients can use."""
    return _Chooser(include_private=include_private, rows=rows).part("", "", "", schema)


class _Chooser:
    def __init__(self, *, include_private: bool, rows: RowStyle) -> None:
        self.include_private = include_private
        self.field_scope = ANNOTATION_WORDS | (PYDANTIC_MODEL if rows is RowStyle.PYDANTIC else frozenset())
        self.is_pydantic = rows is RowStyle.PYDANTIC
        self.types = Scope(TYPES_FILE)
        self.arguments = Scope(ARGUMENTS_FILE)
        self.stems = Scope({"Tables", "Reducers", "Procedures"})

    def part(self, prefix: str, attribute: str, stem: str, schema: ModuleSchema) -> Part:
        tables = [table for table in schema.tables if self.include_private or table.is_public]
        views = [view for view in schema.views if self._is_readable(view)]
        reducers = [reducer for reducer in schema.reducers if self._is_callable(reducer)]
        procedures = [procedure for procedure in schema.procedures if self._is_callable(procedure)]

        types = _types_in_use(schema, tables, views, [*reducers, *procedures])
        class_names = {ref: self.types.claim(stem + _class_name(schema, ref)) for ref in types}
        fields = {ref: self._field_names(type) for ref, type in types.items() if isinstance(type, ProductType)}
        unions = {
            ref: self._union_names(class_names[ref], type)
            for ref, type in types.items()
            if isinstance(type, SumType) and any(variant.type != UNIT for variant in type.variants)
        }

        attributes = Scope(CONNECTION)
        methods, procedure_methods = Scope(CALLS), Scope(CALLS)
        readable: list[Table | View] = [*tables, *views]
        return Part(
            prefix,
            attribute,
            stem,
            schema,
            class_names,
            fields,
            unions,
            tuple(
                self._relation(schema, prefix, stem, relation, attributes, fields)
                for relation in sorted(readable, key=lambda relation: relation.name)
            ),
            tuple(self._functions(prefix, stem, reducers, methods)),
            tuple(self._functions(prefix, stem, procedures, procedure_methods)),
            tuple(
                self.part(
                    f"{prefix}{mounted.name}.",
                    _claim_in(_public(snake_case(mounted.source_name)), attributes, methods, procedure_methods),
                    self.stems.claim_stem(stem + pascal_case(mounted.source_name), STEM_ENDINGS),
                    mounted.schema,
                )
                for mounted in schema.submodules
            ),
        )

    def _is_readable(self, view: View) -> bool:
        return view.row_ref is not None and not view.params.elements and (self.include_private or view.is_public)

    def _is_callable(self, function: Reducer | Procedure) -> bool:
        if isinstance(function, Reducer) and function.lifecycle is not None:
            return False
        return self.include_private or function.visibility is Visibility.CLIENT_CALLABLE

    def _field_names(self, type: ProductType) -> tuple[str, ...]:
        scope = Scope(self.field_scope)
        names = [element.name or f"field_{position}" for position, element in enumerate(type.elements)]
        styled = [snake_case(name) for name in names]
        if self.is_pydantic:  # which keeps attributes with a leading underscore out of its fields
            styled = [_public(name) for name in styled]
        return tuple(map(scope.claim, styled))

    def _union_names(self, name: str, type: SumType) -> UnionNames:
        variants = [variant.name or f"variant_{position}" for position, variant in enumerate(type.variants)]
        base = self.types.claim(f"{name}Variant")
        return UnionNames(base, tuple(self.types.claim(name + pascal_case(variant)) for variant in variants))

    def _relation(
        self,
        schema: ModuleSchema,
        prefix: str,
        stem: str,
        relation: Table | View,
        attributes: Scope,
        fields: dict[int, tuple[str, ...]],
    ) -> Relation:
        attribute = attributes.claim(_public(snake_case(relation.source_name)))
        own_stem = self.stems.claim_stem(stem + pascal_case(relation.source_name), STEM_ENDINGS)
        name = prefix + relation.name
        if isinstance(relation, View):
            row_ref = relation.row_ref
            assert row_ref is not None  # or it is not readable
            key = schema.view_primary_key(relation)
            return Relation(
                Kind.VIEW, name, attribute, own_stem, row_ref, schema.view_columns(relation), fields[row_ref], key, ()
            )
        return Relation(
            Kind.EVENT_TABLE if relation.is_event else Kind.TABLE,
            name,
            attribute,
            own_stem,
            relation.product_ref,
            relation.columns,
            fields[relation.product_ref],
            relation.primary_key,
            tuple(_indexes(relation, fields[relation.product_ref])),
        )

    def _functions(
        self, prefix: str, stem: str, functions: Iterable[Reducer | Procedure], methods: Scope
    ) -> Iterator[Function]:
        for function in sorted(functions, key=lambda function: function.name):
            parameters = Scope()
            yield Function(
                prefix + function.name,
                methods.claim(_public(snake_case(function.source_name))),
                self.arguments.claim(stem + pascal_case(function.source_name)),
                tuple(
                    (parameters.claim(snake_case(element.name or f"arg_{position}")), element.type)
                    for position, element in enumerate(function.params.elements)
                ),
                function.return_type if isinstance(function, Procedure) else None,
            )


def _public(name: str) -> str:
    """Names with a leading underscore are the library's own, of connections and handles; those of only
    underscores begin with another letter."""
    return (name.strip("_") or f"x{name}") if name.startswith("_") else name


def _claim_in(wanted: str, *scopes: Scope) -> str:
    """A mounted module is an attribute of the tables, the reducers and the procedures alike."""
    name = wanted
    while any(not scope.is_free(name) for scope in scopes):
        name += "_"
    for scope in scopes:
        scope.claim(name)
    return name


def _indexes(table: Table, fields: tuple[str, ...]) -> Iterator[IndexAccess]:
    """An index of one column is called like the column, as in the module's code: ``player.id.find(3)``."""
    scope = Scope(HANDLE | ANNOTATION_WORDS)
    for index in sorted(table.indexes, key=lambda index: (index.columns, index.name)):
        column = table.columns[index.columns[0]]
        said = index.accessor or "_".join(table.columns[position].source_name for position in index.columns)
        of_column = len(index.columns) == 1 and said in (column.name, column.source_name)
        wanted = fields[column.position] if of_column else snake_case(said)
        yield IndexAccess(scope.claim(_public(wanted)), index.name, index.columns, table.is_unique(index.columns))


def _types_in_use(
    schema: ModuleSchema, tables: list[Table], views: list[View], functions: list[Reducer | Procedure]
) -> dict[int, ProductType | SumType]:
    """The products and sums of the typespace that clients can meet, by their indexes."""
    found: set[int] = set()
    pending: list[AlgebraicType] = [TypeRef(table.product_ref) for table in tables]
    pending += [TypeRef(view.row_ref) for view in views if view.row_ref is not None]
    pending += [function.params for function in functions]
    pending += [function.return_type for function in functions if isinstance(function, Procedure)]
    while pending:
        type = pending.pop()
        if not isinstance(type, TypeRef):
            pending += children(type)
        elif type.index not in found:
            found.add(type.index)
            pending.append(schema.typespace[type.index])
    types = ((ref, schema.typespace[ref]) for ref in sorted(found))
    return {ref: type for ref, type in types if isinstance(type, ProductType | SumType)}


def _class_name(schema: ModuleSchema, ref: int) -> str:
    definition = schema.type_names.get(ref)
    if definition is None:
        return f"Type{ref}"
    return "".join(pascal_case(part) for part in (*definition.source_scope, definition.source_name))
