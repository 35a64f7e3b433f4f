"""Runs inside a runtime once for each version of stdbpy: what every build with it needs.

Told as ``_stdbpy_boot.settings``: ``library`` (name → package or not, and code) and ``sources`` (name → source and
file name). Tells by name: ``code``, marshalled, of all these modules but those that are frozen into the runtime, of
stdbpy's without docstrings; and of those in the runtime, too, ``at_import``, the names that the module imports when it
is imported, and ``in_functions``, those that its functions import later.
"""

from __future__ import annotations

import importlib
import marshal
from collections.abc import Iterator
from opcode import opmap
from types import CodeType

from stdbpy.wasm.guest.smaller_code import smaller
from stdbpy.wasm.guest.telling import tell

_IMPORT_NAME, _IMPORT_FROM = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"]
_LOAD_CONST, _EXTENDED_ARG = opmap["LOAD_CONST"], opmap["EXTENDED_ARG"]
_OF_FUNCTION = 0x1
"""The flag that the code of functions has, and that of classes has not."""

_WITHOUT_DOCSTRINGS = 2


def _prepare() -> None:
    settings = importlib.import_module("_stdbpy_boot").settings
    imp = importlib.import_module("_imp")
    names = [*settings["library"], *settings["sources"]]
    told: dict[str, dict[str, object]] = {"code": {}, "at_import": {}, "in_functions": {}}
    for name in [*imp._frozen_module_names(), *names]:  # noqa: SLF001 - there is no other list of them
        if name in told["at_import"]:
            continue
        if imp.is_frozen(name):
            code, is_package = imp.get_frozen_object(name), imp.is_frozen_package(name)
        elif name in settings["library"]:
            is_package, marshalled = settings["library"][name]
            code = marshal.loads(marshalled)  # noqa: S302 - of the runtime
        else:
            source, file_name = settings["sources"][name]
            is_package = file_name.endswith("/__init__.py")
            code = compile(source, file_name, "exec", dont_inherit=True, optimize=_WITHOUT_DOCSTRINGS)
        if not imp.is_frozen(name):
            # Marshalled so that what occurs several times is there once when it is imported.
            told["code"][name] = marshal.dumps(smaller(code))
        package = name if is_package else name.rpartition(".")[0]
        imported = [*_imported_names(code, package, in_function=False)]
        told["at_import"][name] = sorted({imported for imported, is_later in imported if not is_later})
        told["in_functions"][name] = sorted({imported for imported, is_later in imported if is_later})
    tell(told)


def _imported_names(code: CodeType, package: str, *, in_function: bool) -> Iterator[tuple[str, bool]]:
    """And whether it is imported by a function. Of ``from a import b`` both ``a`` and ``a.b``, which may be a module
    or not."""
    instructions = code.co_code
    wider = 0
    level: object = 0
    constant: object = None
    module = ""
    for offset in range(0, len(instructions), 2):
        operation, argument = instructions[offset], instructions[offset + 1] | wider
        wider = argument << 8 if operation == _EXTENDED_ARG else 0
        if operation == _LOAD_CONST:
            level, constant = constant, code.co_consts[argument]  # the last two are level and names
        elif operation == _IMPORT_NAME:
            module = _absolute(code.co_names[argument], level if isinstance(level, int) else 0, package)
            yield module, in_function
        elif operation == _IMPORT_FROM:
            yield f"{module}.{code.co_names[argument]}", in_function
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            is_function = in_function or bool(inner.co_flags & _OF_FUNCTION)
            yield from _imported_names(inner, package, in_function=is_function)


def _absolute(name: str, level: int, package: str) -> str:
    if level == 0:
        return name
    parts = package.split(".")[: len(package.split(".")) - level + 1]
    return ".".join([*parts, name] if name else parts)


_prepare()
