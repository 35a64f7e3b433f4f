"""Functions that were found to be in order → what calling them needs."""

from __future__ import annotations

from collections.abc import Mapping

from stdbpy.module.assembly.functions import AssembledFunction
from stdbpy.module.assembly.returned import RowsShape
from stdbpy.module.function_bindings import (
    FunctionBindings,
    HandlerBinding,
    ProcedureBinding,
    ReducerBinding,
    ViewBinding,
)
from stdbpy.module.procedure_context import HandlerContext, ProcedureContext
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.view_context import AnonymousViewContext
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import UNIT, TypeRef
from stdbpy.schema.model import HttpHandler, ModuleSchema, Procedure, Reducer, View

Functions = Mapping[type, Mapping[str, AssembledFunction]]
"""By the class of what the schema has of them, and by name."""


def bind_functions(schema: ModuleSchema, functions: Functions, classes: Mapping[int, type]) -> FunctionBindings:
    """``classes`` are the Python classes of the typespace."""
    binding = _Binding(schema, functions, classes)
    return FunctionBindings(
        tuple(map(binding.reducer, schema.reducers)),
        tuple(binding.view(view) for view in schema.views if not view.is_anonymous),
        tuple(binding.view(view) for view in schema.views if view.is_anonymous),
        tuple(map(binding.procedure, schema.procedures)),
        tuple(map(binding.handler, schema.http_handlers)),
    )


class _Binding:
    def __init__(self, schema: ModuleSchema, functions: Functions, classes: Mapping[int, type]) -> None:
        self.types = schema.source_typespace
        self.functions = functions
        self.classes = classes

    def reducer(self, reducer: Reducer) -> ReducerBinding:
        found = self.functions[Reducer][reducer.source_name]
        assert issubclass(found.context_class, ReducerContext)
        arguments = compile_codec(reducer.params, self.types, self.classes)
        return ReducerBinding(reducer.name, found.function, found.context_class, arguments)

    def view(self, view: View) -> ViewBinding:
        found = self.functions[View][view.source_name]
        assert issubclass(found.context_class, AnonymousViewContext)
        assert view.row_ref is not None
        is_query = found.shape is RowsShape.QUERY
        return ViewBinding(
            view.name,
            found.function,
            found.context_class,
            self.classes[view.row_ref],
            None if is_query else compile_codec(TypeRef(view.row_ref), self.types, self.classes),
            found.shape is RowsShape.ONE_OR_NONE,
        )

    def procedure(self, procedure: Procedure) -> ProcedureBinding:
        found = self.functions[Procedure][procedure.source_name]
        assert issubclass(found.context_class, ProcedureContext)
        assert found.transaction_class is not None
        return ProcedureBinding(
            procedure.name,
            found.function,
            found.context_class,
            found.transaction_class,
            compile_codec(procedure.params, self.types, self.classes),
            None if procedure.return_type == UNIT else compile_codec(procedure.return_type, self.types, self.classes),
        )

    def handler(self, handler: HttpHandler) -> HandlerBinding:
        found = self.functions[HttpHandler][handler.source_name]
        assert issubclass(found.context_class, HandlerContext)
        assert found.transaction_class is not None
        return HandlerBinding(handler.name, found.function, found.context_class, found.transaction_class)
