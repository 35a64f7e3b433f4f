"""Writes ``module.py``: the module's definition, bound to the generated classes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from stdbpy.codegen.contents import Part
from stdbpy.codegen.layout import INDENT, mapping_argument, quoted
from stdbpy.schema import schema_to_json
from stdbpy.schema.model import ModuleSchema


class _Named(Protocol):
    @property
    def name(self) -> str: ...


Named = TypeVar("Named", bound=_Named)


def definition_text(schema: ModuleSchema) -> str:
    """The V10 definition as JSON, laid out so that a change of one table is a change of one line.

    Everything that is named is in the order of the names: servers print it in an order of chance.
    """
    sections = ",\n".join(_section_text(section) for section in schema_to_json(_in_order(schema), 10)["sections"])
    return f'{{"sections": [\n{sections}\n]}}'


def _in_order(schema: ModuleSchema) -> ModuleSchema:
    def by_name(things: tuple[Named, ...]) -> tuple[Named, ...]:
        return tuple(sorted(things, key=lambda thing: thing.name))

    tables = [
        replace(
            table,
            indexes=by_name(table.indexes),
            constraints=by_name(table.constraints),
            sequences=by_name(table.sequences),
        )
        for table in schema.tables
    ]
    return replace(
        schema,
        types=tuple(sorted(schema.types, key=lambda named: (named.scope, named.name, named.ref))),
        tables=by_name(tuple(tables)),
        reducers=by_name(schema.reducers),
        procedures=by_name(schema.procedures),
        views=by_name(schema.views),
        row_level_security=tuple(sorted(schema.row_level_security)),
        http_handlers=by_name(schema.http_handlers),
        http_routes=tuple(sorted(schema.http_routes, key=lambda route: (route.path, route.method))),
        submodules=tuple(replace(mounted, schema=_in_order(mounted.schema)) for mounted in by_name(schema.submodules)),
        environment=by_name(schema.environment),
    )


def _section_text(section: dict[str, Any]) -> str:
    ((tag, content),) = section.items()
    opening, closing = f'{{"{tag}": ', "}"
    if isinstance(content, dict) and len(content) == 1:
        ((key, content),) = content.items()
        opening, closing = f'{opening}{{"{key}": ', "}}"
    if not isinstance(content, list) or not content:
        return f" {opening}{json.dumps(content)}{closing}"
    entries = ",\n".join("  " + json.dumps(entry) for entry in content)
    return f" {opening}[\n{entries}\n ]{closing}"


def module_file(definition: str, root: Part) -> str:
    arguments = [f"{INDENT}DEFINITION,\n", f"{INDENT}{mapping_argument('classes', _classes(root))},\n"]
    mounted = [(quoted(part.prefix), _classes(part)) for part in root.walk() if part.prefix and part.class_names]
    if mounted:
        arguments.append(f"{INDENT}mounted={{\n")
        for prefix, classes in mounted:
            entries = "".join(f"{INDENT * 3}{ref}: {name},\n" for ref, name in classes)
            arguments.append(f"{INDENT * 2}{prefix}: {{\n{entries}{INDENT * 2}}},\n")
        arguments.append(f"{INDENT}}},\n")
    imports = "from stdbpy.client import ModuleBinding\n"
    if any(part.class_names for part in root.walk()):
        imports += "\nfrom . import types\n"
    return (
        '"""The module\'s definition, and the classes of its types."""\n\n'
        f'{imports}\nDEFINITION = r"""\n{definition}\n"""\n\n'
        f"MODULE = ModuleBinding(\n{''.join(arguments)})\n"
    )


def _classes(part: Part) -> list[tuple[str, str]]:
    """Indexes of the typespace and what the codecs make of such values."""
    bases = {ref: union.base for ref, union in part.unions.items()}
    return [(str(ref), f"types.{bases.get(ref, name)}") for ref, name in sorted(part.class_names.items())]
