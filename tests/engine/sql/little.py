"""A small database: two tables that can be joined, with indexes of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from stdbpy.engine.results import StatementResult
from stdbpy.engine.sql import Sql
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import AlgebraicType, Primitive, product
from stdbpy.sats.values import Identity
from stdbpy.schema.model import Column, Index, IndexAlgorithm, ModuleSchema, Table, UniqueConstraint

OWNER = Identity(bytes([1]) * 32)
OTHER = Identity(bytes([2]) * 32)

BTREE, HASH = IndexAlgorithm.BTREE, IndexAlgorithm.HASH

ITEM: dict[str, AlgebraicType] = {
    "id": Primitive.U32,
    "kind": Primitive.I8,
    "size": Primitive.I8,
    "weight": Primitive.F64,
    "name": Primitive.STRING,
    "sold": Primitive.BOOL,
}
ORDER: dict[str, AlgebraicType] = {"item": Primitive.U32, "size": Primitive.I8, "weight": Primitive.F64}


def table(
    ref: int,
    name: str,
    columns: dict[str, AlgebraicType],
    indexes: Iterable[tuple[IndexAlgorithm, Sequence[str]]] = (),
    *,
    unique: Iterable[str] = (),
    is_public: bool = True,
) -> Table:
    names = list(columns)

    def index(algorithm: IndexAlgorithm, keys: Sequence[str]) -> Index:
        label = f"{name}_{'_'.join(keys)}_idx"
        return Index(label, label, None, algorithm, tuple(names.index(key) for key in keys))

    return Table(
        name,
        name,
        ref,
        tuple(Column(column, column, type, place) for place, (column, type) in enumerate(columns.items())),
        indexes=tuple(index(algorithm, keys) for algorithm, keys in indexes),
        constraints=tuple(
            UniqueConstraint(f"{name}_{column}_key", f"{name}_{column}_key", (names.index(column),))
            for column in unique
        ),
        is_public=is_public,
    )


def schema(*tables: Table, rules: Sequence[str] = ()) -> ModuleSchema:
    typespace = tuple(product(*((column.name, column.type) for column in table.columns)) for table in tables)
    return ModuleSchema(typespace, typespace, tables=tables, row_level_security=tuple(rules))


INDEXED = schema(
    table(
        0,
        "item",
        ITEM,
        [(BTREE, ["id"]), (BTREE, ["kind", "size"]), (BTREE, ["weight"]), (HASH, ["name"])],
        unique=["id"],
    ),
    table(1, "order", ORDER, [(BTREE, ["item"]), (HASH, ["size"])]),
)
PLAIN = schema(table(0, "item", ITEM), table(1, "order", ORDER))


class CountingTransaction(Transaction):
    """Counts the rows that were read, by the way they were reached."""

    __slots__ = ("reads",)

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reads = {"scan": 0, "point": 0, "range": 0}

    def scan(self, table_id: int) -> Any:
        return self._counted("scan", super().scan(table_id))

    def index_point(self, index_id: int, key: tuple[Any, ...]) -> Any:
        return self._counted("point", super().index_point(index_id, key))

    def index_range(self, index_id: int, *where: Any) -> Any:
        return self._counted("range", super().index_range(index_id, *where))

    def _counted(self, how: str, rows: Iterable[bytes]) -> Iterable[bytes]:
        for row in rows:
            self.reads[how] += 1
            yield row


class LittleDatabase:
    def __init__(self, schema: ModuleSchema) -> None:
        self.schema = schema
        self.sql = Sql(schema)
        self.transaction = CountingTransaction(Store(schema))

    def insert(self, name: str, rows: Iterable[Sequence[Any]]) -> None:
        known = self.schema.tables_by_name[name]
        codec = compile_codec(self.schema.row_type(known), self.schema.typespace)
        table_id = self.transaction.table_id(name)
        assert table_id is not None
        for row in rows:
            self.transaction.insert(table_id, codec.encode(tuple(row)))

    def run(self, sql: str, caller: Identity = OWNER) -> StatementResult:
        self.transaction.reads = dict.fromkeys(self.transaction.reads, 0)
        (result,) = self.sql.run(sql, self.transaction, caller=caller, is_owner=caller == OWNER)
        return result
