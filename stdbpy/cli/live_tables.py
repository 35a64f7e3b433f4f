"""Subscribed rows on a terminal, as tables that follow what happens to them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.cells import cell_len
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stdbpy.api.satn import satn_writer
from stdbpy.cli.output.text_table import plain_box
from stdbpy.cli.terminal import has_colour, printable
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import ProductType, resolve

if TYPE_CHECKING:
    from typing import TextIO

    from stdbpy.client.transactions import Transaction
    from stdbpy.protocol.cache import TableChanges
    from stdbpy.protocol.catalog import TableLayout

_CAME, _CHANGED = ("+", "green"), ("~", "yellow")
"""How rows of the last transaction are marked."""
_LINES_OF_A_TABLE = 4
"""Its title, its head, and what is between it and the next one."""
_FEWEST_ROWS = 3
_SECONDS = 0.1
"""Between one look of the tables and the next one."""
_MARK_WIDTH, _BETWEEN_COLUMNS = 3, 3
"""With the spaces around."""
_MOST_ROWS = 200
"""Of those that changed last, so many are remembered."""


class LiveTables:
    """Shows the rows of each table that has had some, while it is the context.

    A table with more rows than there is room for shows those that changed last.
    """

    def __init__(self, tables: Mapping[str, TableLayout], handles: Mapping[str, Any], stream: TextIO) -> None:
        self._layouts = tables
        self._handles = handles
        self._shown: dict[str, _ShownTable] = {}
        self._count = 0
        self._note = "waiting for the first rows"
        self._refreshed = 0.0
        self._is_stale = False
        self._console = Console(file=stream, highlight=False, color_system="auto" if has_colour(stream) else None)
        self._live = Live(console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)

    def take(self, transaction: Transaction, *, is_update: bool) -> None:
        """Notes what changed; :meth:`refresh` shows it."""
        self._count += is_update
        self._is_stale = True
        if not is_update:
            self._note = "Ctrl-C ends"
        for table in self._shown.values():
            table.marks.clear()
        for changes in transaction.changes:
            if changes.table not in self._shown:
                layout, handle = self._layouts[changes.table], self._handles[changes.table]
                self._shown[changes.table] = _ShownTable(layout, handle)
            self._shown[changes.table].take(changes, is_update=is_update)

    def note(self, text: str) -> None:
        """A line below the tables, until the next one."""
        self._note, self._is_stale = text, True

    def refresh(self) -> None:
        self._refreshed, self._is_stale = time.monotonic(), False
        self._live.update(self._rendered(), refresh=True)

    @property
    def due(self) -> float | None:
        """See :class:`stdbpy.cli.following.Show`."""
        return max(self._refreshed + _SECONDS - time.monotonic(), 0.0) if self._is_stale else None

    def _rendered(self) -> Group:
        room = self._console.height - 2 - _LINES_OF_A_TABLE * len(self._shown)
        rows, width = max(room // max(len(self._shown), 1), _FEWEST_ROWS), self._console.width
        tables = [part for table in self._shown.values() for part in (table.rendered(rows, width), Text())]
        updates = f"{self._count} update{'s' * (self._count != 1)}"
        return Group(*tables, Text(f"{updates}; {printable(self._note)}", style="dim"))

    def __enter__(self) -> Self:
        self._live.start()
        self.refresh()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.refresh()
        self._live.stop()


class _ShownTable:
    """One table: the texts of its rows, and which of them changed last."""

    def __init__(self, layout: TableLayout, rows: Any) -> None:
        self._layout = layout
        self._rows = rows
        self._tuples = compile_codec(layout.row_type, layout.typespace)
        """Rows without classes, as the writers of texts take them."""
        row_type = resolve(layout.row_type, layout.typespace)
        assert isinstance(row_type, ProductType)
        self._texts = [satn_writer(element.type, layout.typespace) for element in row_type.elements]
        self._recent: dict[bytes, Any] = {}
        """By their bytes; what changed last is last."""
        self.marks: dict[bytes, tuple[str, str]] = {}

    def take(self, changes: TableChanges, *, is_update: bool) -> None:
        for row in changes.deleted:
            self._recent.pop(self._key(row), None)
        for old, new in changes.updated:
            self._recent.pop(self._key(old), None)
            self._note(new, _CHANGED if is_update else None)
        for row in changes.inserted[-_MOST_ROWS:]:
            self._note(row, _CAME if is_update else None)
        for key in list(islice(self._recent, max(len(self._recent) - _MOST_ROWS, 0))):
            del self._recent[key]

    def _note(self, row: Any, mark: tuple[str, str] | None) -> None:
        key = self._key(row)
        self._recent.pop(key, None)
        self._recent[key] = row
        if mark is not None:
            self.marks[key] = mark

    def _key(self, row: Any) -> bytes:
        return self._layout.codec.encode(row)

    def rendered(self, room: int, width: int) -> Table:
        shown, total = self._choose(room)
        count = f"{total:,} row{'s' * (total != 1)}" if total <= len(shown) else f"{len(shown):,} of {total:,} rows"
        title = Text.assemble((printable(self._layout.name), "bold"), f"  {count}")
        table = Table(
            title=title, title_justify="left", box=plain_box(), title_style="", header_style="bold", show_edge=False
        )
        headers = [printable(name) for name in self._layout.columns]
        lines = {key: self._cells(row) for key, row in shown.items()}
        table.add_column("", width=1)
        for header, column_width in zip(headers, _widths([headers, *lines.values()], width - _MARK_WIDTH), strict=True):
            table.add_column(Text(header), width=column_width, overflow="ellipsis", no_wrap=True)
        for key, cells in lines.items():
            mark, style = self.marks.get(key, ("", ""))
            table.add_row(Text(mark), *map(Text, cells), style=style)
        return table

    def _choose(self, room: int) -> tuple[dict[bytes, Any], int]:
        """The rows to show, by their bytes, and how many there are."""
        recent = dict(islice(self._recent.items(), max(len(self._recent) - room, 0), None))
        if self._layout.is_event:
            return recent, len(recent)
        total = len(self._rows)
        if total > room and len(recent) == room:
            return recent, total
        others = {self._key(row): row for row in islice(self._rows, room)}
        if total <= room:
            return others, total
        fill = islice((item for item in others.items() if item[0] not in recent), room - len(recent))
        return {**dict(fill), **recent}, total

    def _cells(self, row: Any) -> list[str]:
        values = self._tuples.decode(self._key(row))
        return [printable(text(value)) for text, value in zip(self._texts, values, strict=True)]


def _widths(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """The widths of columns that fit into ``width``: if there is not enough, the widest ones give."""
    wanted = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    left = width - _BETWEEN_COLUMNS * len(wanted)
    widest = max(wanted)
    while widest > 1 and sum(min(each, widest) for each in wanted) > left:
        widest -= 1
    return [min(each, widest) for each in wanted]
