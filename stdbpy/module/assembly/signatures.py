"""What a function of a module takes: the context, which has to come first, and what callers send."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from inspect import Parameter
from typing import Any, get_origin

from stdbpy.errors import TypeNotSupported
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import resolve_one
from stdbpy.module.context import Context
from stdbpy.module.declarations import (
    FunctionDeclaration,
    HandlerDeclaration,
    ProcedureDeclaration,
    ReducerDeclaration,
    ViewDeclaration,
)
from stdbpy.module.procedure_context import HandlerContext, ProcedureContext, WaitingContext, transaction_class_of
from stdbpy.module.reducer_context import ReducerContext
from stdbpy.module.view_context import AnonymousViewContext, ViewContext

_CONTEXT_NAMES = ("ctx", "_ctx", "context", "_")
"""What a first parameter without annotation is called if it is the context."""

_POSITIONAL = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)


@dataclass(frozen=True, slots=True)
class FunctionKind:
    """One of the kinds of functions that a module has."""

    word: str
    contexts: tuple[type[Context], ...]
    """What its context may be derived from. Without an annotation it is the first of them, unless there are several,
    between which the annotation decides."""


KINDS: dict[type[FunctionDeclaration], FunctionKind] = {
    ReducerDeclaration: FunctionKind("reducer", (ReducerContext,)),
    ViewDeclaration: FunctionKind("view", (ViewContext, AnonymousViewContext)),
    ProcedureDeclaration: FunctionKind("procedure", (ProcedureContext,)),
    HandlerDeclaration: FunctionKind("HTTP handler", (HandlerContext,)),
}


@dataclass(frozen=True, slots=True)
class Signature:
    kind: FunctionKind
    context_class: type[Context] | None
    """What the context is made as; ``None`` if that is not understood."""
    transaction_class: type[ReducerContext] | None
    """What the contexts of its transactions are made as, if it opens them itself."""
    parameters: tuple[Parameter, ...]
    """Those that callers send values for."""


def read_signature(declaration: FunctionDeclaration, findings: Findings) -> Signature:
    """Tells the context from the other parameters, and reports what is wrong with it."""
    return _Reader(KINDS[type(declaration)], declaration.function, findings).signature()


class _Reader:
    def __init__(self, kind: FunctionKind, function: Callable[..., Any], findings: Findings) -> None:
        self.kind = kind
        self.function = function
        self.findings = findings
        self.name = f"{kind.word} {function.__name__!r}"
        self.parameters = tuple(inspect.signature(function).parameters.values())

    def signature(self) -> Signature:
        parameters = self.parameters
        others = parameters[1:]
        if not parameters or parameters[0].kind not in _POSITIONAL:
            message = f"{self.name} has no parameter for its context"
            self.findings.error(self.findings.of_function(self.function), message, self._hint())
            return self._not_understood(others)
        first = parameters[0]
        try:
            annotation = self._context(first)
        except TypeNotSupported as error:
            self.findings.not_supported(self.findings.of_parameter(self.function, first.name), error)
            return self._not_understood(others)
        if annotation is None and first.annotation is first.empty and first.name in _CONTEXT_NAMES:
            annotation = self._by_default(first)
            if annotation is None:
                return self._not_understood(others)
        if annotation is None:
            return self._not_understood(self._sent_without_context())
        context_class = get_origin(annotation) or annotation
        if not issubclass(context_class, self.kind.contexts):
            self._refuse_kind(first, context_class)
            return self._not_understood(others)
        transaction_class = self._transaction_class(first, annotation)
        return Signature(self.kind, context_class, transaction_class, others)

    def _not_understood(self, sent: tuple[Parameter, ...]) -> Signature:
        return Signature(self.kind, None, None, sent)

    def _context(self, parameter: Parameter) -> Any:
        """The annotation, if it is a context of whatever kind: a class, or a generic one with its argument.
        Raises ``TypeNotSupported`` for an annotation that names nothing."""
        if parameter.annotation is parameter.empty:
            return None
        annotation = resolve_one(self.function, parameter.name, parameter.annotation)
        cls = get_origin(annotation) or annotation
        return annotation if isinstance(cls, type) and issubclass(cls, Context) else None

    def _by_default(self, parameter: Parameter) -> type[Context] | None:
        if len(self.kind.contexts) == 1:
            return self.kind.contexts[0]
        names = " or ".join(each.__name__ for each in self.kind.contexts)
        message = f"the context of {self.name} has no annotation, which decides whether it knows who asks"
        self.findings.error(
            self.findings.of_parameter(self.function, parameter.name), message, f"{parameter.name}: {names}"
        )
        return None

    def _transaction_class(self, parameter: Parameter, annotation: Any) -> type[ReducerContext] | None:
        if not issubclass(get_origin(annotation) or annotation, WaitingContext):
            return None
        found = transaction_class_of(annotation)
        if isinstance(found, type) and issubclass(found, ReducerContext):
            return found
        self.findings.error(
            self.findings.of_parameter(self.function, parameter.name),
            f"the transactions of {self.name} have contexts of {found!r}, which is no ReducerContext",
            f"{self.kind.contexts[0].__name__}[Ctx], where class Ctx(ReducerContext)",
        )
        return None

    # --- a first parameter that is no context ------------------------------------------------

    def _refuse_kind(self, first: Parameter, context_class: type[Context]) -> None:
        meant = next((each for each in (*_ALL, Context) if issubclass(context_class, each)), Context)
        wanted = " or ".join(each.__name__ for each in self.kind.contexts)
        self.findings.error(
            self.findings.of_parameter(self.function, first.name),
            f"the context of {self.name} is a {meant.__name__}, which is for {meant.called}",
            f"Annotate it with {wanted}" + _HOW.get((self.kind.contexts[0], meant), ""),
        )

    def _sent_without_context(self) -> tuple[Parameter, ...]:
        """Reports that the first parameter is not the context; those that nevertheless seem to be sent."""
        first, others = self.parameters[0], self.parameters[1:]
        where = self.findings.of_parameter(self.function, first.name)
        misplaced = self._misplaced_context(others)
        if misplaced is not None:
            sent = tuple(parameter for parameter in self.parameters if parameter is not misplaced)
            self.findings.error(
                self.findings.of_parameter(self.function, misplaced.name),
                f"the context of {self.name} has to be its first parameter, but {misplaced.name!r} is "
                f"number {self.parameters.index(misplaced) + 1}",
                f"def {self.function.__name__}({', '.join(parameter.name for parameter in (misplaced, *sent))})",
            )
            return sent
        if first.name in _CONTEXT_NAMES:
            wanted = self.kind.contexts[0].__name__
            message = f"the context of {self.name} is annotated with something else than a {wanted}"
            self.findings.error(where, message, f"A class of your own is derived from it: class Ctx({wanted})")
            return others
        message = f"the first parameter of {self.name} has to be its context, but it is {first.name!r}"
        self.findings.error(where, message, self._hint())
        # Without an annotation it may be meant to be the context.
        return others if first.annotation is first.empty else self.parameters

    def _misplaced_context(self, parameters: Sequence[Parameter]) -> Parameter | None:
        for parameter in parameters:
            try:
                is_one = self._context(parameter) is not None
            except TypeNotSupported:  # reported when it is looked at as one that is sent
                continue
            if is_one or (parameter.annotation is parameter.empty and parameter.name in _CONTEXT_NAMES[:-1]):
                return parameter
        return None

    def _hint(self) -> str:
        return f"def {self.function.__name__}(ctx: {self.kind.contexts[0].__name__}, ...)"


_ALL = (ReducerContext, ViewContext, AnonymousViewContext, ProcedureContext, HandlerContext)
_HOW: dict[tuple[type[Context], type[Context]], str] = {
    (ViewContext, ReducerContext): ": views read tables and change none",
    (ProcedureContext, ReducerContext): "; its transactions get a ReducerContext: with ctx.transaction() as tx",
    (HandlerContext, ReducerContext): "; its transactions get a ReducerContext: with ctx.transaction() as tx",
}
