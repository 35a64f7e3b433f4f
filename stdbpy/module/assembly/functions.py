"""Declared functions → functions of the schema, and what calling them needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stdbpy.errors import TypeNotSupported
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import resolve_one, understood
from stdbpy.module.assembly.returned import RowsShape, read_rows
from stdbpy.module.assembly.signatures import Signature
from stdbpy.module.context import Context
from stdbpy.module.declarations import (
    FunctionDeclaration,
    HandlerDeclaration,
    ProcedureDeclaration,
    ReducerDeclaration,
    ViewDeclaration,
)
from stdbpy.module.http import HttpRequest, HttpResponse
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.view_context import ViewContext
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.types import UNIT, AlgebraicType, ProductElement, ProductType
from stdbpy.schema.model import HttpHandler, Procedure, Reducer, View

SchemaFunction = Reducer | View | Procedure | HttpHandler


@dataclass(frozen=True, slots=True)
class AssembledFunction:
    declared: SchemaFunction
    function: Callable[..., Any]
    context_class: type[Context]
    transaction_class: type[ReducerContext] | None
    shape: RowsShape | None = None
    """In what form a view returns its rows."""


def assemble_function(
    declaration: FunctionDeclaration, signature: Signature, registry: TypeRegistry, findings: Findings
) -> AssembledFunction | None:
    """The function, the types that it names added to the registry; ``None`` if it is not understood."""
    return _FunctionAssembly(declaration, signature, registry, findings).assembled()


# Places are looked up where there is something to report: it takes parsing the file.


class _FunctionAssembly:
    def __init__(
        self, declaration: FunctionDeclaration, signature: Signature, registry: TypeRegistry, findings: Findings
    ) -> None:
        self.declaration = declaration
        self.function = declaration.function
        self.signature = signature
        self.registry = registry
        self.findings = findings
        self.name = f"{signature.kind.word} {self.function.__name__!r}"

    def assembled(self) -> AssembledFunction | None:
        self._check_kind()
        known = len(self.findings.problems)
        shape = None
        declared: SchemaFunction | None
        match self.declaration:
            case ReducerDeclaration():
                declared = self._reducer(self.declaration)
            case ProcedureDeclaration():
                declared = self._procedure(self.declaration)
            case HandlerDeclaration():
                declared = self._handler(self.declaration)
            case ViewDeclaration():
                declared, shape = self._view(self.declaration)
        context_class = self.signature.context_class
        if declared is None or context_class is None or self.findings.has_errors_since(known):
            return None
        return AssembledFunction(declared, self.function, context_class, self.signature.transaction_class, shape)

    def _error(self, message: str, hint: str) -> None:
        self.findings.error(self.findings.of_function(self.function), message, hint)

    def _reducer(self, declaration: ReducerDeclaration) -> Reducer | None:
        if self._returned() not in (inspect.Signature.empty, None, "None"):
            where = self.findings.of_function(self.function)
            message = f"what {self.name} returns is lost"
            self.findings.warning(where, message, "Callers get nothing back: say -> None, or make it a @procedure")
        params = self._params()
        name = declaration.name
        return None if params is None else Reducer(name, name, params, declaration.lifecycle)

    def _procedure(self, declaration: ProcedureDeclaration) -> Procedure | None:
        params = self._params()
        returned = self._return_type()
        name = declaration.name
        return None if params is None or returned is None else Procedure(name, name, params, returned)

    def _view(self, declaration: ViewDeclaration) -> tuple[View | None, RowsShape | None]:
        for parameter in self.signature.parameters:
            self.findings.error(
                self.findings.of_parameter(self.function, parameter.name),
                f"{self.function.__name__}.{parameter.name}: a view takes nothing but its context",
                "Clients ask for some of its rows by WHERE; who asks is ctx.sender",
            )
        rows = read_rows(self.function, self._returned(), declaration.primary_key, self.registry, self.findings)
        context_class = self.signature.context_class
        if rows is None or context_class is None:
            return None, None
        name, key = declaration.name, declaration.primary_key
        view = View(
            name,
            name,
            0,  # counted when all views are known
            is_public=declaration.public,
            is_anonymous=not issubclass(context_class, ViewContext),
            params=ProductType(()),
            return_type=rows.type,
            primary_key=() if key is None else (key,),
        )
        return view, rows.shape

    def _handler(self, declaration: HandlerDeclaration) -> HttpHandler | None:
        sent = self.signature.parameters
        if len(sent) != 1 or sent[0].kind not in (sent[0].POSITIONAL_ONLY, sent[0].POSITIONAL_OR_KEYWORD):
            self._error(
                f"{self.name} has to take a context and a request",
                f"def {self.function.__name__}(ctx: HandlerContext, request: HttpRequest) -> HttpResponse",
            )
            return None
        self._check_annotation(sent[0].name, sent[0].annotation, HttpRequest)
        self._check_annotation("return", self._returned(), HttpResponse)
        return HttpHandler(declaration.name, declaration.name)

    def _check_annotation(self, name: str, annotation: Any, wanted: type) -> None:
        if annotation is inspect.Signature.empty:
            return
        is_return = name == "return"
        where = (
            self.findings.of_function(self.function) if is_return else self.findings.of_parameter(self.function, name)
        )
        try:
            found = resolve_one(self.function, name, annotation)
        except TypeNotSupported as error:
            self.findings.not_supported(where, error)
            return
        if found is not wanted:
            what = "what it returns" if is_return else f"{name!r}"
            text = found.__name__ if isinstance(found, type) else str(found)
            self.findings.error(
                where, f"{self.name}: {what} is a {wanted.__name__}, not {text}", f"Say {wanted.__name__}"
            )

    # --- what callers send and get -----------------------------------------------------------

    def _returned(self) -> Any:
        return inspect.signature(self.function).return_annotation

    def _params(self) -> ProductType | None:
        for parameter in self.signature.parameters:
            self._check_parameter(parameter)
        annotations = {
            parameter.name: parameter.annotation
            for parameter in self.signature.parameters
            if parameter.annotation is not parameter.empty
        }

        def complain(name: str, error: TypeNotSupported) -> None:
            self.findings.not_supported(self.findings.of_parameter(self.function, name), error)

        hints = understood(self.function, annotations, complain)
        if hints is None or self.signature.context_class is None:
            return None
        return ProductType(tuple(ProductElement(name, self.registry.add(hint)) for name, hint in hints.items()))

    def _return_type(self) -> AlgebraicType | None:
        returned = self._returned()
        if returned in (inspect.Signature.empty, None, "None"):
            return UNIT

        def complain(_: str, error: TypeNotSupported) -> None:
            self.findings.not_supported(self.findings.of_function(self.function), error)

        hints = understood(self.function, {"return": returned}, complain)
        return None if hints is None else self.registry.add(hints["return"])

    def _check_kind(self) -> None:
        word = self.signature.kind.word
        waits = isinstance(self.declaration, ProcedureDeclaration | HandlerDeclaration)
        if inspect.iscoroutinefunction(self.function) or inspect.isasyncgenfunction(self.function):
            if waits:
                message, hint = (
                    f"{self.name} is async",
                    "Make it a plain def: ctx.http and ctx.sleep just wait",
                )
            else:
                message, hint = f"{self.name} is async, but nothing in a {word} can wait", "Make it a plain def"
        elif not inspect.isgeneratorfunction(self.function) or isinstance(self.declaration, ViewDeclaration):
            return
        elif waits:
            message, hint = f"{self.name} is a generator", "Its callers get one value: return a list"
        else:
            message, hint = f"{self.name} is a generator", "A reducer gives nothing back: remove the yield"
        self._error(message, hint)

    def _check_parameter(self, parameter: inspect.Parameter) -> None:
        place = f"{self.function.__name__}.{parameter.name}"
        error = None
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            error = f"{place} takes any number of arguments", "Callers send a fixed number: use a list"
        elif parameter.kind is parameter.KEYWORD_ONLY:
            error = f"{place} is keyword-only", "Callers send arguments by position: remove the *"
        elif parameter.annotation is parameter.empty:
            error = f"{place} has no annotation", f"Say its type: {parameter.name}: str"
        if error is not None:
            self.findings.error(self.findings.of_parameter(self.function, parameter.name), *error)
        if parameter.default is not parameter.empty:
            where = self.findings.of_parameter(self.function, parameter.name)
            self.findings.warning(
                where, f"the default of {place} is never used", "Callers send every argument: remove it"
            )
