"""Writes ``reducers.py``, ``procedures.py`` and ``arguments.py``: typed methods that call a module's
functions, and typed records of what reducers were called with."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.codegen.annotations import Annotations
from stdbpy.codegen.contents import Function, Part
from stdbpy.codegen.layout import INDENT, bracketed, import_from, quoted
from stdbpy.codegen.python_file import class_text, doc, indented, python_file
from stdbpy.sats.types import UNIT, AlgebraicType


def reducers_file(root: Part) -> str:
    """Methods that give whatever a call gives: nothing where it waits for the outcome, else a pending call."""
    annotations = Annotations("types.")
    classes = []
    for part in _inside_out(root):
        methods = [_reducer(part, reducer, annotations) for reducer in part.reducers]
        mounted = [(inner.attribute, f"{inner.stem}Reducers") for inner in part.mounted]
        constructor = _constructor("Invoke[Outcome]", [(name, kind, f"{kind}[Outcome]") for name, kind in mounted])
        docstring = f"The reducers of {_module(part)} that clients can call."
        classes.append(
            class_text(f"class {part.stem}Reducers(ReducerCalls[Outcome]):", docstring, constructor + methods)
        )
    names = ["Outcome", "ReducerCalls", *(["Invoke"] if root.mounted else [])]
    return python_file("The module's reducers as typed methods.", _imports(annotations, names), classes)


def procedures_file(root: Part) -> str:
    """Classes of the same methods: one whose calls give the value, one whose calls are pending, and one whose calls
    are awaited."""
    annotations = Annotations("types.")
    classes: list[str] = []
    for kind, docstring, returned in (
        ("", "each call waits for what the procedure gives back", "{}"),
        ("Pending", "calls are sent and not waited for", "PendingCall[{}]"),
        ("Awaited", "each call is awaited", "Awaitable[{}]"),
    ):
        for part in _inside_out(root):
            mounted = [(inner.attribute, f"{kind}{inner.stem}Procedures") for inner in part.mounted]
            body = _constructor("InvokeProcedure", [(name, inner, inner) for name, inner in mounted])
            body += [_procedure(part, procedure, annotations, returned) for procedure in part.procedures]
            head = f"class {kind}{part.stem}Procedures(ProcedureCalls):"
            classes.append(class_text(head, f"The procedures of {_module(part)}: {docstring}.", body))
    names = ["ProcedureCalls", *(["InvokeProcedure"] if root.mounted else [])]
    imports = _imports(annotations, names)
    if any(part.procedures for part in root.walk()):
        imports = _imports(annotations, [*names, "PendingCall"])
        imports[0] = import_from("collections.abc", ["Awaitable"]) + imports[0]
    return python_file("The module's procedures as typed methods.", imports, classes)


def arguments_file(root: Part) -> str:
    """Nothing of the package imports this file: a client that looks at no event's arguments does without."""
    annotations = Annotations("types.")
    classes = []
    for part in root.walk():
        for reducer in part.reducers:
            body = f"__reducer__: ClassVar[str] = {quoted(reducer.name)}\n" + "".join(
                f"{name}: {annotations.of(type, part.class_names, part.schema)}\n" for name, type in reducer.parameters
            )
            docstring = f"What the reducer ``{reducer.name}`` was called with."
            classes.append(class_text(f"class {reducer.stem}(ReducerArguments, frozen=True):", docstring, [body]))
    docstring = "What reducers were called with, for events: ``SomeReducer.of(ctx.event)`` is ``None`` for others."
    standard, own = annotations.imports
    imports = [
        import_from("typing", ["ClassVar"]) + standard,
        import_from("stdbpy.client", ["ReducerArguments"]) + own,
        _TYPES if annotations.uses_types else "",
    ]
    return python_file(docstring, imports if classes else [], classes)


_TYPES = "from . import types\n"


def _imports(annotations: Annotations, client_names: list[str]) -> list[str]:
    standard, own = annotations.imports
    return [standard, import_from("stdbpy.client", client_names) + own, _TYPES if annotations.uses_types else ""]


def _inside_out(root: Part) -> Iterator[Part]:
    """Mounted modules before those that they are mounted in."""
    for part in root.mounted:
        yield from _inside_out(part)
    yield root


def _module(part: Part) -> str:
    return f"the mounted module ``{part.prefix.removesuffix('.')}``" if part.prefix else "the module"


def _constructor(invoke: str, mounted: list[tuple[str, str, str]]) -> list[str]:
    """``mounted`` are attributes with their classes and annotations."""
    if not mounted:
        return []
    lines = [f"self.{attribute}: {annotation} = {cls}(invoke)\n" for attribute, cls, annotation in mounted]
    head = f"def __init__(self, invoke: {invoke}) -> None:\n"
    return [head + "".join(map(indented, ["super().__init__(invoke)\n", *lines]))]


def _reducer(part: Part, reducer: Function, annotations: Annotations) -> str:
    body = doc(f"Calls the reducer ``{reducer.name}``.") + _invoke("return ", reducer)
    return _signature(part, reducer, annotations, "Outcome") + indented(body)


def _procedure(part: Part, procedure: Function, annotations: Annotations, returned: str) -> str:
    """``returned`` is what a call gives, with a place for the type of what the procedure gives back."""
    assert procedure.returns is not None
    returns = returned.format(_value(part, procedure.returns, annotations))
    body = doc(f"Calls the procedure ``{procedure.name}``.") + _invoke(
        "" if returns == "None" else "return ", procedure
    )
    return _signature(part, procedure, annotations, returns) + indented(body)


def _value(part: Part, type: AlgebraicType, annotations: Annotations) -> str:
    return "None" if type == UNIT else annotations.of(type, part.class_names, part.schema)


def _signature(part: Part, function: Function, annotations: Annotations, returns: str) -> str:
    parameters = [
        f"{name}: {annotations.of(type, part.class_names, part.schema)}" for name, type in function.parameters
    ]
    return bracketed(f"def {function.method}(", ["self", *parameters], f") -> {returns}:", margin=1) + "\n"


def _invoke(head: str, function: Function) -> str:
    call = [quoted(function.name), _tuple([name for name, _ in function.parameters])]
    return bracketed(f"{head}self.invoke(", call, ")", margin=2) + "\n"


def _tuple(names: list[str]) -> str:
    """Of all arguments, as the second one of a call inside of a method."""
    if len(names) == 1:
        return f"({names[0]},)"
    with_comma = bracketed("(", names, "),", margin=3)  # the comma stands behind it if it has lines of its own
    return with_comma.removesuffix(",").replace("\n", f"\n{INDENT}")
