"""The examples of the pages about clients, and running them against the module that the first page shows.

What an example prints stands in the comment behind it; each such comment is held against what was printed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import io
import re
import sys
import textwrap
import tokenize
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from stdbpy.codegen import HEADER_MARKER, RowStyle, generate
from stdbpy.project.generated import write_package
from stdbpy.sats import types as t
from stdbpy.schema import ModuleSchema
from stdbpy.schema import model as m
from stdbpy.testing import InMemoryDatabase
from tests.docs.console import ADDRESS, ROOT, blocks

FOLDER = ROOT / "docs" / "clients"
PACKAGE = "game_client"
DATABASE = "game"

_BLOCK = re.compile(r"^(?:<!-- (?P<where>in memory|pydantic|goes on) -->\n)?```python\n(?P<code>.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Example:
    """A block of Python on a page."""

    page: str
    line: int
    code: str
    where: str
    """``""``: on the embedded server; ``in memory``: on an in-memory database, whose module has what modules in
    Python do not have, too; ``pydantic``: on the embedded server, and rows are pydantic models; ``goes on``: behind
    the example before it, as a part of that."""

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"

    def going_on_with(self, other: Example) -> Example:
        return replace(self, code=f"{self.code}\n{other.code}")

    @property
    def is_module(self) -> bool:
        return "@table" in self.code

    @property
    def has_tests(self) -> bool:
        """Whether it is a file for pytest."""
        return "def test_" in self.code

    @property
    def is_async(self) -> bool:
        return bool(self.compiled().co_flags & inspect.CO_COROUTINE)

    def compiled(self, address: str = ADDRESS) -> Any:
        tree = ast.parse(self.code.replace(ADDRESS, address), str(self))
        return compile(tree, str(self), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)

    def said_to_print(self) -> dict[int, str]:
        """The comments behind calls of ``print``, by their lines."""
        lines = self.code.splitlines()
        return {
            token.start[0]: token.string.removeprefix("# ")
            for token in tokenize.generate_tokens(io.StringIO(self.code).readline)
            if token.type == tokenize.COMMENT and "print(" in lines[token.start[0] - 1][: token.start[1]]
        }

    def as_module(self) -> str:
        """As a module for type checkers, in which what examples have without importing it is typed."""
        if self.has_tests:
            return self.code
        kind, connection = ("async ", "AsyncDbConnection") if self.is_async else ("", "DbConnection")
        return (
            f"from {PACKAGE} import MODULE, AsyncDbConnection, DbConnection, tables, types\n"
            "from stdbpy.testing import InMemoryDatabase\n\n"
            f"db: {connection}\n"
            "database: InMemoryDatabase\n\n"
            f"{kind}def example() -> None:\n" + textwrap.indent(self.code, "    ")
        )


def examples() -> list[Example]:
    """All of them, page by page, but the module."""
    found = []
    for page in sorted(FOLDER.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        for block in _BLOCK.finditer(text):
            line = text.count("\n", 0, block.start("code")) + 1
            example = Example(page.name, line, block["code"], block["where"] or "")
            found.append(example if example.where != "goes on" else found.pop().going_on_with(example))
    return [example for example in found if not example.is_module]


def module_text() -> str:
    """The module that the examples are clients of."""
    [module] = [text for text in blocks(FOLDER / "index.md", "python") if "@table" in text]
    return module


def write_client(schema: ModuleSchema, folder: Path, rows: RowStyle = RowStyle.MSGSPEC) -> None:
    """The generated package, in ``folder``."""
    write_package(generate(schema, rows=rows), folder / PACKAGE, marker=HEADER_MARKER)


def with_what_others_have(schema: ModuleSchema) -> ModuleSchema:
    """The schema with the event table, the view and the procedure that the first page speaks of."""
    ref = len(schema.typespace)
    hit = t.ProductType((t.ProductElement("player_id", t.Primitive.U64), t.ProductElement("damage", t.Primitive.U32)))
    columns = tuple(
        m.Column(element.name or "", element.name or "", element.type, position)
        for position, element in enumerate(hit.elements)
    )
    [player] = [table for table in schema.tables if table.name == "player"]
    rows = t.ArrayType(t.TypeRef(player.product_ref))
    roll = t.ProductType((t.ProductElement("sides", t.Primitive.U32),))
    return replace(
        schema,
        typespace=(*schema.typespace, hit),
        types=(*schema.types, m.TypeDef("Hit", "Hit", ref)),
        tables=(*schema.tables, m.Table("hit", "hit", ref, columns, is_event=True)),
        views=(m.View("strongest", "strongest", 0, True, True, t.UNIT, rows),),
        procedures=(m.Procedure("roll", "roll", roll, t.Primitive.U32),),
    )


@contextmanager
def importable(folder: Path) -> Iterator[Any]:
    """The generated package of that folder, until the block ends."""
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]


class Printed:
    """Stands for ``print``: what was printed, by the line that did."""

    def __init__(self, example: Example) -> None:
        self._example = example
        self.by_line: dict[int, list[str]] = {}

    def __call__(self, *values: object, end: str = "", sep: str = " ") -> None:
        frame = sys._getframe(1)
        assert frame.f_code.co_filename == str(self._example)
        self.by_line.setdefault(frame.f_lineno, []).append(sep.join(map(str, values)))

    @property
    def shown(self) -> dict[int, str]:
        """As the page has it: several outputs of one line stand behind it with commas between."""
        return {line: ", ".join(texts) for line, texts in self.by_line.items()}


def run(example: Example, address: str, names: dict[str, Any]) -> dict[int, str]:
    """Runs an example that does not wait, in whose namespace ``names`` are; gives what its lines printed."""
    printed = Printed(example)
    namespace = {"__name__": "example", **names, "print": printed}
    exec(example.compiled(address), namespace)
    return printed.shown


async def run_async(example: Example, address: str, names: dict[str, Any]) -> dict[int, str]:
    """The same for one that awaits."""
    printed = Printed(example)
    namespace = {"__name__": "example", **names, "print": printed}
    await eval(example.compiled(address), namespace)
    return printed.shown


def fill(database: InMemoryDatabase, client: Any) -> None:
    """The rows that the module's ``init`` makes."""
    guild, player = client.types.Guild, client.types.Player
    database.insert(client.tables.guild, guild(id=1, name="Reds"), guild(id=2, name="Blues"))
    database.insert(
        client.tables.player,
        player(id=1, name="Ada", level=3, guild_id=1, motto=None),
        player(id=2, name="Bob", level=12, guild_id=2, motto=None),
        player(id=3, name="Cleo", level=20, guild_id=1, motto=None),
    )
