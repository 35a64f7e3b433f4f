"""Random work on tables, with failures and restarts, against a model that is a dict."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from stdbpy.engine import Transaction
from stdbpy.engine.journal import file_journal
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.store.store import Store
from stdbpy.errors import RowNotFound, UniqueConstraintViolation
from stdbpy.sats.bsatn import compile_codec
from stdbpy.schema.definition import write_module_def
from tests.engine.schemas import STRING, U32, U64, index, schema_of, sequence, unique
from tests.examples_to_try import up_to

SCHEMA = schema_of(
    ("keyed", {"id": U64, "name": STRING, "n": U32}, (index(0), unique(0), index(1), unique(1), index(2), sequence(0))),
    ("plain", {"name": STRING, "n": U32}, (index(1, 0),)),
)
CODECS = {table.name: compile_codec(SCHEMA.typespace[table.product_ref]) for table in SCHEMA.tables}
NAMES = st.sampled_from(["", "a", "b", "c", "d"])
NUMBERS = st.integers(0, 3)
IDS = st.integers(1_000_000, 1_000_005)
"""Far from those that the sequence gives out."""


class Tables(RuleBasedStateMachine):
    """``durable`` is what a restart must bring back, ``grouped`` what waits to be written, ``now``
    what the open transaction sees."""

    @initialize()
    def make(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "journal.sqlite"
        # So small that snapshots come all the time, in many chunks.
        self.limits = patch.multiple(file_journal, SNAPSHOT_AFTER_TRANSACTIONS=2, CHUNK_BYTES=40)
        self.limits.start()
        self.store = Store(SCHEMA)
        self.journal = FileJournal(self.path)
        self.journal.replace(b"program", write_module_def(SCHEMA), self.store)
        self.durable: dict[str, set[tuple[object, ...]]] = {"keyed": set(), "plain": set()}
        self.grouped = _copy(self.durable)
        self.now = _copy(self.durable)
        self.group: list[object] = []
        self.tx = Transaction(self.store)
        self.given_out: set[int] = set()

    def teardown(self) -> None:
        self.journal.close()
        self.limits.stop()
        self.folder.cleanup()

    # --- one transaction ---------------------------------------------------------------------

    @rule(id=st.just(0) | IDS, name=NAMES, n=NUMBERS)
    def insert_keyed(self, id: int, name: str, n: int) -> None:
        row = CODECS["keyed"].encode((id, name, n))
        try:
            stored = CODECS["keyed"].decode(self.tx.insert(self.tx.table_id("keyed"), row))
        except UniqueConstraintViolation:
            assert any(other[0] == id or other[1] == name for other in self.now["keyed"])
            return
        assert stored[1:] == (name, n)
        if id == 0:
            assert stored[0] not in self.given_out
            self.given_out.add(stored[0])
        else:
            assert stored[0] == id
        others = self.now["keyed"] - {stored}
        assert not any(other[0] == stored[0] or other[1] == name for other in others)
        self.now["keyed"] = others | {stored}

    @rule(name=NAMES, n=NUMBERS)
    def insert_plain(self, name: str, n: int) -> None:
        self.tx.insert(self.tx.table_id("plain"), CODECS["plain"].encode((name, n)))
        self.now["plain"].add((name, n))

    @rule(id=IDS, name=NAMES, n=NUMBERS)
    def update(self, id: int, name: str, n: int) -> None:
        old = next((row for row in self.now["keyed"] if row[0] == id), None)
        clash = any(row[1] == name and row[0] != id for row in self.now["keyed"])
        try:
            self.tx.update(
                self.tx.table_id("keyed"), self.tx.index_id("keyed_by_0"), CODECS["keyed"].encode((id, name, n))
            )
        except RowNotFound:
            assert old is None
        except UniqueConstraintViolation:
            assert clash
        else:
            assert old is not None
            assert not clash
            self.now["keyed"] = self.now["keyed"] - {old} | {(id, name, n)}

    @rule(name=NAMES, n=NUMBERS)
    def delete(self, name: str, n: int) -> None:
        was_there = self.tx.delete(self.tx.table_id("plain"), CODECS["plain"].encode((name, n)))
        assert was_there == ((name, n) in self.now["plain"])
        self.now["plain"].discard((name, n))

    @rule(table=st.sampled_from(["keyed", "plain"]))
    def clear(self, table: str) -> None:
        assert self.tx.clear(self.tx.table_id(table)) == len(self.now[table])
        self.now[table].clear()

    # --- its end -----------------------------------------------------------------------------

    @rule(commits=st.booleans())
    def end_transaction(self, commits: bool) -> None:
        if commits:
            self._commit()
        else:
            self.tx.rollback()
            self.now = _copy(self.grouped)
            self.tx = Transaction(self.store)

    def _commit(self) -> None:
        delta = self.tx.commit()
        for changes in delta:
            codec, name = CODECS[changes.table.name], changes.table.name
            assert {codec.decode(row) for row in changes.inserted} == self.now[name] - self.grouped[name]
            assert {codec.decode(row) for row in changes.deleted} == self.grouped[name] - self.now[name]
        assert {changes.table.name for changes in delta} == {
            name for name, rows in self.now.items() if rows != self.grouped[name]
        }
        if delta:
            self.journal.note(delta, self.store.taken)
            self.store.taken.clear()
            self.group.append(delta)
        self.grouped = _copy(self.now)
        self.tx = Transaction(self.store)

    # --- the disk ----------------------------------------------------------------------------

    @rule(then=st.sampled_from(["tend", "tend", "restart", "go on"]), steps=st.integers(1, 4))
    def write_group(self, then: str, steps: int) -> None:
        self._commit()
        self.journal.commit()
        self.group.clear()
        self.durable = _copy(self.grouped)
        if then == "tend":
            for _ in range(steps):
                self.journal.tend(self.store)
        elif then == "restart":
            self._restart()

    @rule(restarts=st.booleans())
    def lose_group(self, restarts: bool) -> None:
        """The process dies, or the disk refuses the group, which the database then undoes."""
        self._commit()
        if restarts:
            self._restart()
            return
        self.journal._group.clear()
        for delta in reversed(self.group):
            delta.undo()
        self.store.taken.update(self.store.sequences.values())
        self.group.clear()
        self.now, self.grouped = _copy(self.durable), _copy(self.durable)

    def _restart(self) -> None:
        self.journal.close()
        self.journal = FileJournal(self.path)
        self.store = Store(SCHEMA, self.journal.module().numbering)
        self.journal.replay(self.store)
        self.tx = Transaction(self.store)
        self.group.clear()
        self.now, self.grouped = _copy(self.durable), _copy(self.durable)
        # Numbers that no durable row can have been given may come again.
        self.given_out = {row[0] for row in self.durable["keyed"]}

    # --- always ------------------------------------------------------------------------------

    @invariant()
    def rows_and_indexes_agree_with_the_model(self) -> None:
        for table in self.store.tables.values():
            if table.definition.is_system:
                continue
            codec, rows = CODECS[table.name], self.now[table.name]
            assert {codec.decode(row) for row in table.rows} == rows
            for one in table.indexes:
                found = [row for key in one.entries for row in one.rows(key)]
                assert len(found) == len(rows)
                assert {codec.decode(row) for row in found} == rows
                assert all(one.key_of(row) == key for key in one.entries for row in one.rows(key))
                if one.has_order:
                    ordered = [codec.decode(row) for row in one.rows_between((), None, None)]
                    keys = [[row[column] for column in one.columns] for row in ordered]
                    assert keys == sorted(keys)
                    assert len(ordered) == len(rows)


def _copy(tables: dict[str, set[tuple[object, ...]]]) -> dict[str, set[tuple[object, ...]]]:
    return {name: set(rows) for name, rows in tables.items()}


Tables.TestCase.settings = settings(up_to(100), stateful_step_count=50)
test_tables = Tables.TestCase
