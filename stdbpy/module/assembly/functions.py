"""Declared reducers → reducers of the schema, and what calling them needs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stdbpy.errors import TypeNotSupported
from stdbpy.module.assembly.findings import Findings
from stdbpy.module.assembly.hints import understood
from stdbpy.module.assembly.signatures import Signature
from stdbpy.module.context import ReducerContext
from stdbpy.module.declarations import ReducerDeclaration
from stdbpy.sats.annotations import TypeRegistry
from stdbpy.sats.types import ProductElement, ProductType
from stdbpy.schema.model import Reducer


@dataclass(frozen=True, slots=True)
class AssembledReducer:
    reducer: Reducer
    function: Callable[..., Any]
    context_class: type[ReducerContext]


def assemble_reducer(
    declaration: ReducerDeclaration, signature: Signature, registry: TypeRegistry, findings: Findings
) -> AssembledReducer | None:
    """The reducer, the types of its parameters added to the registry; ``None`` if it is not understood."""
    function = declaration.function
    _check_kind(function, findings)
    known = len(findings.problems)
    for parameter in signature.parameters:
        _check_parameter(function, parameter, findings)
    annotations = {
        parameter.name: parameter.annotation
        for parameter in signature.parameters
        if parameter.annotation is not parameter.empty
    }

    def complain(name: str, error: TypeNotSupported) -> None:
        findings.not_supported(findings.of_parameter(function, name), error)

    hints = understood(function, annotations, complain)
    if hints is None or signature.context_class is None or findings.has_errors_since(known):
        return None
    params = ProductType(tuple(ProductElement(name, registry.add(hint)) for name, hint in hints.items()))
    name = declaration.name
    return AssembledReducer(Reducer(name, name, params, declaration.lifecycle), function, signature.context_class)


# Places are looked up where there is something to report: it takes parsing the file.


def _check_kind(function: Callable[..., Any], findings: Findings) -> None:
    name = function.__name__
    returned = inspect.signature(function).return_annotation
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        message, hint = f"reducer {name!r} is async, but nothing in a reducer can wait", "Make it a plain def"
    elif inspect.isgeneratorfunction(function):
        message, hint = f"reducer {name!r} is a generator", "A reducer gives nothing back: remove the yield"
    else:
        if returned not in (inspect.Signature.empty, None, "None"):
            where = findings.of_function(function)
            findings.warning(where, f"what reducer {name!r} returns is lost", "Callers get nothing back: say -> None")
        return
    findings.error(findings.of_function(function), message, hint)


def _check_parameter(function: Callable[..., Any], parameter: inspect.Parameter, findings: Findings) -> None:
    place = f"{function.__name__}.{parameter.name}"
    error = None
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        error = f"{place} takes any number of arguments", "Callers send a fixed number: use a list"
    elif parameter.kind is parameter.KEYWORD_ONLY:
        error = f"{place} is keyword-only", "Callers send arguments by position: remove the *"
    elif parameter.annotation is parameter.empty:
        error = f"{place} has no annotation", f"Say its type: {parameter.name}: str"
    if error is not None:
        findings.error(findings.of_parameter(function, parameter.name), *error)
    if parameter.default is not parameter.empty:
        where = findings.of_parameter(function, parameter.name)
        findings.warning(where, f"the default of {place} is never used", "Callers send every argument: remove it")
