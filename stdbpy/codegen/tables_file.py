"""Writes ``tables.py``: what typed queries start at, a class of columns and an object for each table."""

from __future__ import annotations

from stdbpy.codegen.annotations import Annotations
from stdbpy.codegen.contents import Kind, Part, Relation
from stdbpy.codegen.layout import assignment, attribute, import_from, quoted
from stdbpy.codegen.python_file import class_text, doc, indented, python_file
from stdbpy.sats.sql_types import sql_type_of
from stdbpy.schema.model import Column

_NOTHING = "The module has no tables that clients can read."


def tables_file(root: Part) -> str:
    writer = _TablesWriter()
    classes = [writer.columns(part, relation) for part in root.walk() for relation in part.relations]
    if not classes:
        return f'"""{_NOTHING}"""\n'
    mounted = [text for part in root.mounted for text in writer.namespaces(part)]
    last = "\n".join(writer.entries(root))
    uuid, sats = writer.annotations.imports
    query_names = sorted({"Columns", "QueryTable", "Source", *writer.column_classes})
    imports = [
        uuid,
        import_from("stdbpy.client.query", query_names) + sats,
        "from . import types\n",
    ]
    return python_file("The module's tables and views, to start queries at.", imports, [*classes, *mounted, last])


class _TablesWriter:
    def __init__(self) -> None:
        self.annotations = Annotations("types.")
        self.column_classes: set[str] = set()
        """Which of the library's classes of columns are used, and the enumeration that they need."""

    def columns(self, part: Part, relation: Relation) -> str:
        name = f"{relation.stem}Columns"
        lines = [
            self._column(part, relation, name, field, column)
            for field, column in zip(relation.fields, relation.columns, strict=True)
        ]
        head = "def __init__(self, source: Source) -> None:\n"
        constructor = head + "".join(map(indented, ["super().__init__(source)\n", *lines]))
        return class_text(f"class {name}(Columns):", f"The columns of ``{relation.name}``.", [constructor])

    def _column(self, part: Part, relation: Relation, owner: str, field: str, column: Column) -> str:
        sql_type = sql_type_of(column.type, part.schema.typespace)
        if sql_type is None:
            self.column_classes.add("OpaqueColumn")
            return assignment(f"self.{field}", "OpaqueColumn", ["source", quoted(column.name)], margin=2)
        kind = "IndexedColumn" if relation.has_index_on(column.position) else "Column"
        self.column_classes |= {kind, "SqlType"}
        value = self.annotations.of(column.type, part.class_names, part.schema)
        arguments = ["source", quoted(column.name), f"SqlType.{sql_type.name}"]
        return attribute(f"self.{field}", (kind, [owner, value]), (kind, arguments))

    def entries(self, part: Part) -> list[str]:
        """One statement for each table and view, and each mounted module."""
        texts = []
        for relation in part.relations:
            row = self.annotations.named(part.class_names[relation.row_ref])
            arguments = [quoted(relation.name), row, f"{relation.stem}Columns"]
            if relation.kind is Kind.EVENT_TABLE:
                arguments.append("is_event=True")
            text = assignment(relation.attribute, "QueryTable", arguments, margin=bool(part.prefix))
            texts.append(text + doc(f"The {relation.kind.value} ``{relation.name}``."))
        return texts + [f"{mounted.attribute} = {mounted.stem}Tables\n" for mounted in part.mounted]

    def namespaces(self, part: Part) -> list[str]:
        """Classes that hold the tables of a mounted module, and before them of those mounted inside it."""
        inner = [text for mounted in part.mounted for text in self.namespaces(mounted)]
        docstring = f"The tables and views of the mounted module ``{part.prefix.removesuffix('.')}``."
        return [*inner, class_text(f"class {part.stem}Tables:", docstring, self.entries(part))]
