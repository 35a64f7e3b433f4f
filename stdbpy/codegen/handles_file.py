"""Writes ``handles.py``: the classes behind ``db.player``, one for each table and view."""

from __future__ import annotations

from collections.abc import Iterator

from stdbpy.codegen.annotations import Annotations
from stdbpy.codegen.contents import IndexAccess, Kind, Part, Relation
from stdbpy.codegen.layout import assignment, attribute, bracketed, import_from, quoted
from stdbpy.codegen.python_file import class_text, doc, indented, python_file


def handles_file(root: Part) -> str:
    writer = _HandlesWriter()
    classes = [writer.handle(part, relation) for part in root.walk() for relation in part.relations]
    tables = [_tables(part) for part in _inside_out(root)]
    uuid, sats = writer.annotations.imports
    imports = [
        import_from("collections.abc", ["Callable"]) + uuid,
        import_from("stdbpy.client.tables", sorted({"TableSource", *writer.handle_classes})) + sats,
        "from . import types\nfrom .contexts import EventContext\n" if classes else "",
    ]
    return python_file("What the client holds of the module's tables and views.", imports, [*classes, *tables])


class _HandlesWriter:
    def __init__(self) -> None:
        self.annotations = Annotations("types.")
        self.handle_classes: set[str] = set()

    def handle(self, part: Part, relation: Relation) -> str:
        row = self.annotations.named(part.class_names[relation.row_ref])
        if relation.kind is Kind.EVENT_TABLE:
            base = "EventTableHandle"
        else:
            base = "TableHandle" if relation.primary_key is None else "KeyedTableHandle"
        self.handle_classes.add(base)
        head = bracketed(f"class {relation.stem}Handle(", [f"{base}[{row}, EventContext]"], "):")
        members = [self._constructor(part, relation, row)] if relation.indexes else []
        return class_text(head, _docstring(relation), members)

    def _constructor(self, part: Part, relation: Relation, row: str) -> str:
        text = "def __init__(self, source: TableSource) -> None:\n" + indented("super().__init__(source)\n")
        for index in relation.indexes:
            text += indented(self._index(part, relation, index, row) + doc(_about(relation, index)))
        return text

    def _index(self, part: Part, relation: Relation, index: IndexAccess, row: str) -> str:
        columns = [relation.columns[position] for position in index.columns]
        kind = "UniqueIndex" if index.is_unique else "BTreeIndex"
        self.handle_classes.add(kind)
        keys = [self.annotations.of(column.type, part.class_names, part.schema) for column in columns]
        arguments = ["source", *(quoted(column.name) for column in columns)]
        return attribute(f"self.{index.attribute}", (kind, [row, *keys]), (kind, arguments))


def _docstring(relation: Relation) -> str:
    if relation.kind is Kind.EVENT_TABLE:
        return f"The event table ``{relation.name}``: its rows are told, and not kept."
    return f"The rows of the {relation.kind.value} ``{relation.name}`` that subscriptions ask for."


def _about(relation: Relation, index: IndexAccess) -> str:
    over = ", ".join(f"``{relation.columns[position].name}``" for position in index.columns)
    if index.columns == (relation.primary_key,):
        return f"By the primary key {over}."
    return f"By {over}, which no two rows share." if index.is_unique else f"By {over}."


def _tables(part: Part) -> str:
    of = f"the mounted module ``{part.prefix.removesuffix('.')}``" if part.prefix else "the module"
    statements = [
        assignment(
            f"self.{relation.attribute}", f"{relation.stem}Handle", [f"table({quoted(relation.name)})"], margin=2
        )
        for relation in part.relations
    ]
    statements += [f"self.{mounted.attribute} = {mounted.stem}Tables(table)\n" for mounted in part.mounted]
    head = "def __init__(self, table: Callable[[str], TableSource]) -> None:\n"
    body = "".join(statements or [doc("There are none.")])
    return class_text(f"class {part.stem}Tables:", f"The tables and views of {of}.", [head + indented(body)])


def _inside_out(root: Part) -> Iterator[Part]:
    """Mounted modules before those that they are mounted in."""
    for part in root.mounted:
        yield from _inside_out(part)
    yield root
