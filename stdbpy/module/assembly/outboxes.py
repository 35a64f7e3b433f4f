"""What ``@table(outbox=...)`` declares → outboxes of the schema."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from stdbpy.errors import TypeNotSupported, nearest
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import resolve_one, understood
from stdbpy.module.context import Context
from stdbpy.module.declarations import ColumnOptions, OutboxOptions, TableDeclaration
from stdbpy.module.outboxes import RemoteReducer, RemoteResult
from stdbpy.module.rows import column_options
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.naming import type_text
from stdbpy.sats.types import IDENTITY, AlgebraicType, Primitive, ProductElement, ProductType, TypeRef
from stdbpy.schema.model import Column, Outbox, Reducer, Table
from stdbpy.schema.signature_hash import are_same, signature_hash

_TARGET = "to: Identity = column(target=True)"
_KEY = "id: u64 = auto_inc(primary_key=True)"


@dataclass(frozen=True, slots=True)
class OwnReducers:
    """The reducers that the module has itself."""

    declared: Collection[str]
    understood: Mapping[str, Reducer]
    """Those of them that are in order."""
    prefix: str
    """What their names start with in a database."""


def assemble_outboxes(
    declared: Mapping[str, TableDeclaration],
    tables: Mapping[str, Table],
    registry: TypeRegistry,
    reducers: OwnReducers,
    findings: Findings,
) -> dict[str, Table]:
    """Of the ``tables`` those that are outboxes, as far as these are in order. ``declared`` are tables by their lines;
    ``registry`` has the module's types."""
    found: dict[str, Table] = {}
    rows = {declaration.row for declaration in declared.values() if declaration.outbox is not None}
    for where, declaration in declared.items():
        table = tables.get(declaration.name)
        if declaration.row not in rows:
            _refuse_columns(declaration, findings)
        elif declaration.outbox is not None and table is not None:
            assembly = _OutboxAssembly(declaration, table, where, registry, reducers, findings)
            outbox = assembly.outbox(declaration.outbox)
            found[table.name] = replace(table, outbox=outbox)
    return found


def _refuse_columns(declaration: TableDeclaration, findings: Findings) -> None:
    """A table that is no outbox sends nothing."""
    for field in dataclasses.fields(declaration.row):
        options = column_options(field)
        if options.target or options.param is not None:
            what = "target" if options.target else "param"
            message = f"{declaration.row.__name__}.{field.name} has a {what}, but no outbox has such rows"
            where = findings.of_field(declaration.row, field.name)
            findings.error(where, message, "@table(outbox=...) says what they call")


class _OutboxAssembly:
    def __init__(
        self,
        declaration: TableDeclaration,
        table: Table,
        where: str,
        registry: TypeRegistry,
        reducers: OwnReducers,
        findings: Findings,
    ) -> None:
        self.row = declaration.row
        self.table = table
        self.where = where
        self.registry = registry
        self.reducers = reducers
        self.findings = findings
        self.name = f"outbox {declaration.name!r}"
        self.options = [column_options(field) for field in dataclasses.fields(declaration.row)]

    def outbox(self, options: OutboxOptions) -> Outbox | None:
        known = len(self.findings.problems)
        self._check_key()
        self._check_on_result(options.on_result)
        target = self._target()
        called = self._own(options.reducer) if isinstance(options.reducer, str) else self._remote(options.reducer)
        if called is None:
            return None
        reducer, types = called
        columns = self._sent(reducer, types)
        if target is None or self.findings.has_errors_since(known):
            return None
        signature = int.from_bytes(signature_hash(reducer, types.types), "little")
        prefix = self.reducers.prefix if isinstance(options.reducer, str) else ""
        return Outbox(prefix + reducer.name, target, columns, options.on_result, signature)

    def _error(self, message: str, hint: str) -> None:
        self.findings.error(self.where, message, hint)

    # --- the row itself --------------------------------------------------------------------------

    def _check_key(self) -> None:
        key = self.table.primary_key
        numbers_itself = any(sequence.column == key for sequence in self.table.sequences)
        if key is None or not numbers_itself or self.table.columns[key].type != Primitive.U64:
            # A key that comes again while its row waits would be taken for a row that is sent already.
            self._error(f"{self.name} needs a primary key of type u64 that numbers itself", _KEY)

    def _target(self) -> int | None:
        marked = [position for position, options in enumerate(self.options) if options.target]
        if not marked:
            self._error(f"{self.name} has no column that says which database a row is for", _TARGET)
            return None
        for position in marked[1:]:
            first = self.table.columns[marked[0]].name
            message = f"{first!r} says already which database a row of {self.name} is for"
            self.findings.error(self._place(self.table.columns[position]), message, "Make a row for each database")
        column = self.table.columns[marked[0]]
        if column.type != IDENTITY:
            message = f"{self.row.__name__}.{column.name} has to be the identity of a database"
            self.findings.error(self._place(column), message, f"{column.name}: Identity = column(target=True)")
        return marked[0]

    # --- what it calls ---------------------------------------------------------------------------

    def _own(self, name: str) -> tuple[Reducer, TypeRegistry] | None:
        if name not in self.reducers.declared:
            self._error(
                f"{self.name} calls {name!r}, which is no reducer of this module",
                nearest(name, self.reducers.declared) or "Declare another module's with @remote_reducer",
            )
            return None
        reducer = self.reducers.understood.get(name)
        if reducer is None:  # what is wrong with it has been told
            return None
        if reducer.lifecycle is not None:
            self._error(f"{self.name} calls {name!r}, which only the server calls", "Call another reducer")
            return None
        return reducer, self.registry

    def _remote(self, remote: RemoteReducer) -> tuple[Reducer, TypeRegistry] | None:
        """It, and the types of the other module, as far as the reducer names them."""
        function = remote.function
        known = len(self.findings.problems)
        parameters = inspect.signature(function).parameters.values()
        for parameter in parameters:
            self._check_parameter(remote, parameter)
        annotations = {each.name: each.annotation for each in parameters if each.annotation is not each.empty}

        def complain(name: str, error: TypeNotSupported) -> None:
            self.findings.not_supported(self.findings.of_parameter(function, name), error)

        if self.findings.has_errors_since(known):
            return None
        hints = understood(function, annotations, complain)
        if hints is None:
            return None
        types = TypeRegistry()
        params = ProductType(tuple(ProductElement(name, types.add(hint)) for name, hint in hints.items()))
        return Reducer(remote.name, remote.name, params), types

    def _check_parameter(self, remote: RemoteReducer, parameter: inspect.Parameter) -> None:
        where = self.findings.of_parameter(remote.function, parameter.name)
        place = f"{remote.function.__name__}.{parameter.name}"
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.KEYWORD_ONLY):
            message = f"{place} is no parameter that a reducer can have"
            self.findings.error(where, message, "Reducers take a fixed number of arguments, by position")
        elif parameter.annotation is parameter.empty:
            self.findings.error(where, f"{place} has no annotation", f"Say its type: {parameter.name}: str")
        elif self._is_context(remote, parameter):
            message = f"{place} is the context, which the other database gives its reducer"
            self.findings.error(where, message, "Leave it out: say what callers send")

    def _is_context(self, remote: RemoteReducer, parameter: inspect.Parameter) -> bool:
        try:
            found = resolve_one(remote.function, parameter.name, parameter.annotation)
        except TypeNotSupported:  # told with the others
            return False
        return isinstance(found, type) and issubclass(found, Context)

    # --- what it sends ---------------------------------------------------------------------------

    def _sent(self, reducer: Reducer, types: TypeRegistry) -> tuple[int, ...]:
        """The columns in the order of the reducer's parameters, as far as they are in order."""
        names = [element.name or "" for element in reducer.params.elements]
        for column, options in zip(self.table.columns, self.options, strict=True):
            if options.param is not None and options.param not in names:
                self.findings.error(
                    self._place(column),
                    f"{reducer.name!r}, which {self.name} calls, has no parameter {options.param!r}",
                    nearest(options.param, names) or f"It takes {', '.join(names) or 'nothing'}",
                )
        return tuple(
            column.position
            for name, element in zip(names, reducer.params.elements, strict=True)
            for column in self._column_for(name, element.type, reducer, types)
        )

    def _column_for(
        self, name: str, type: AlgebraicType, reducer: Reducer, types: TypeRegistry
    ) -> tuple[()] | tuple[Column]:
        found = [
            column
            for column, options in zip(self.table.columns, self.options, strict=True)
            if _sent_as(column, options) == name
        ]
        if not found:
            self._error(
                f"{self.name} has no column for {name!r}, which {reducer.name!r} takes",
                f"Add one, {name}: {_text(type, types)}, or say which it is: column(param={name!r})",
            )
            return ()
        column = found[0]
        for other in found[1:]:
            message = f"{column.name!r} is sent as {name!r} already"
            self.findings.error(self._place(other), message, "Have one of them sent: column(param=...)")
        if not are_same(column.type, self.registry.types, type, types.types):
            self.findings.error(
                self._place(column),
                f"{self.row.__name__}.{column.name} is {_text(column.type, self.registry)}, but {reducer.name!r} takes "
                f"{_text(type, types)} for {name!r}",
                "Both have to be the same, down to the names of fields and variants",
            )
        return (column,)

    # --- who is told -----------------------------------------------------------------------------

    def _check_on_result(self, name: str | None) -> None:
        if name is None:
            return
        header = f"def {name}(ctx: ReducerContext, row: {self.row.__name__}, result: RemoteResult) -> None"
        if name not in self.reducers.declared:
            self._error(
                f"{self.name} tells {name!r} what becomes of its rows, which is no reducer",
                nearest(name, self.reducers.declared) or f"Write one: {header}",
            )
            return
        reducer = self.reducers.understood.get(name)
        if reducer is None:
            return
        expected = [TypeRef(self.table.product_ref), TypeRegistry().add(RemoteResult)]
        if [parameter.type for parameter in reducer.params.elements] != expected:
            self._error(
                f"{name!r}, which {self.name} tells what becomes of its rows, has to take a row and the result", header
            )

    def _place(self, column: Column) -> str:
        return self.findings.of_field(self.row, column.name)


def _sent_as(column: Column, options: ColumnOptions) -> str:
    return column.name if options.param is None else options.param


def _text(type: AlgebraicType, registry: TypeRegistry) -> str:
    return type_text(type, registry.names.__getitem__)
