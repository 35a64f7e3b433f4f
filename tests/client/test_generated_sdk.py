"""Every reducer of sdk_test, called through a generated client at the bounds of its types and with random
values: the rows come back through the cache as they were sent."""

from __future__ import annotations

import inspect
import random
from collections.abc import Iterator
from itertools import cycle
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from stdbpy.api import ApiClient
from stdbpy.client.query import QueryTable
from stdbpy.codegen import RowStyle
from stdbpy.errors import ReducerFailed
from stdbpy.module.package import pack, source_of_folder
from stdbpy.protocol.catalog import FunctionLayout, TableLayout
from stdbpy.sats import Timestamp
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.ranges import at_least
from tests import real_servers
from tests.client.conftest import MODULES
from tests.client.generated import imported
from tests.client.live import fresh_name
from tests.contract.values import bounds_of, random_of

RANDOM_VALUES = 3
DATA = (0, -(2**31), 2**31 - 1, 7)
"""Of the column beside the key, one after the other."""


class Reducer(NamedTuple):
    """A method of the generated client, and what it calls."""

    method: str
    layout: FunctionLayout

    def values(self, dice: random.Random) -> list[tuple[Any, ...]]:
        """Arguments at the bounds and at random, no two alike, made of the generated classes."""
        params, typespace = self.layout.params, self.layout.typespace
        found = bounds_of(params, typespace) + [random_of(params, typespace, dice) for _ in range(RANDOM_VALUES)]
        plain = compile_codec(params, typespace)
        return [self.layout.arguments.decode(data) for data in dict.fromkeys(map(plain.encode, found))]


class Sdk:
    """A live client of a database of its own, with all rows of all tables.

    Names of reducers and tables are compared without underscores: ``u32`` is ``u_32`` in some modules.
    """

    def __init__(self, package: ModuleType, db: Any) -> None:
        self.types = package.types
        self.db = db
        self.called: set[str] = set()
        self.dice = random.Random(2833)
        self._catalog = package.MODULE.catalog
        calls: list[str] = []
        spy = package.Reducers(lambda name, *args: calls.append(name))
        self.reducers: dict[str, Reducer] = {}
        for method in _methods(package.Reducers):
            bound = getattr(spy, method)
            bound(*[None] * len(inspect.signature(bound).parameters))
            self.reducers[_plain(method)] = Reducer(method, self._catalog.reducers[calls[-1]])
        self._tables = {
            _plain(name): (getattr(db, name), self._catalog.tables[query.name])
            for name, query in vars(package.tables).items()
            if isinstance(query, QueryTable)
        }

    def has(self, reducer: str) -> bool:
        return _plain(reducer) in self.reducers

    def call(self, reducer: str, *args: object) -> None:
        method = self.reducers[_plain(reducer)].method
        self.called.add(_plain(reducer))
        assert getattr(self.db.reducers, method)(*args) is None

    def table(self, name: str) -> Any:
        return self._tables[_plain(name)][0]

    def layout(self, table: str) -> TableLayout:
        return self._tables[_plain(table)][1]

    def row(self, table: str, *columns: object) -> Any:
        return self.layout(table).record.cls(*columns)  # type: ignore[misc]

    def bytes_of(self, table: str, *rows: Any) -> set[bytes]:
        """As bytes, NaN and -0.0 are what they are."""
        return set(map(self.layout(table).codec.encode, rows))

    def cached(self, table: str) -> set[bytes]:
        return self.bytes_of(table, *self.table(table))

    def inserters(self, *, with_keys: bool) -> Iterator[tuple[Reducer, str]]:
        """Reducers that insert their arguments as a row, each with its table."""
        for plain, reducer in self.reducers.items():
            table = plain.removeprefix("insert")
            if plain.startswith("insert") and table in self._tables:
                layout = self.layout(table)
                row = layout.typespace[layout.row_type.index]  # type: ignore[union-attr]
                columns = [element.type for element in row.elements]  # type: ignore[union-attr]
                same = columns == [element.type for element in reducer.layout.params.elements]
                if same and table.startswith(("pk", "unique")) == with_keys:
                    yield reducer, table


def _plain(name: str) -> str:
    return name.replace("_", "")


def _methods(cls: type) -> list[str]:
    return [name for name, thing in vars(cls).items() if inspect.isfunction(thing) and not name.startswith("_")]


PROGRAMS = [
    "sdk_test-2.8.3",
    pytest.param("sdk_test-1.2.0", marks=pytest.mark.long),
    "sdk_test-1.2.0 pydantic",
]


@pytest.fixture(scope="module", params=PROGRAMS)
def sdk(
    request: pytest.FixtureRequest, live_server: tuple[str, str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Sdk]:
    """Each server with each module that it takes; rows of both styles."""
    kind, url, token = live_server
    compiled, _, style = request.param.partition(" ")
    if kind == "1.2.0" and compiled != "sdk_test-1.2.0":
        pytest.skip("this module is for a newer server")
    if kind == "embedded":
        folder = "sdk_test_2_8_3" if compiled.endswith("2.8.3") else "sdk_test"
        program = pack(source_of_folder(MODULES / folder))
    else:
        program = real_servers.wasm(compiled)
    database = fresh_name("sdk")
    with ApiClient(url, token) as api:
        api.publish(program, database)
        schema = api.schema(database)
    rows = RowStyle(style or "msgspec")
    with (
        imported(schema, f"sdk_{rows.value}", tmp_path_factory.mktemp("client"), rows=rows) as package,
        package.connect(url, database, call_timeout=30) as db,
        db.subscribe_to_all_tables(),
    ):
        yield Sdk(package, db)


def test_rows_of_tables_without_keys(sdk: Sdk):
    """Such tables hold a row once, however often it is inserted."""
    tables = 0
    for reducer, table in sdk.inserters(with_keys=False):
        tables += 1
        values = reducer.values(sdk.dice)
        sent: set[bytes] = set()
        for value in values:
            sdk.call(reducer.method, *value)
            sent |= sdk.bytes_of(table, sdk.row(table, *value))
            assert sdk.cached(table) == sent, (table, value)
        for delete in filter(sdk.has, (f"delete_{table}", f"delete_all_{table}")):
            for value in values:
                sdk.call(delete, *value)
                sent -= sdk.bytes_of(table, sdk.row(table, *value))
                assert sdk.cached(table) == sent, (table, value)
            assert not sent
    assert tables > 50


def test_rows_of_tables_with_keys(sdk: Sdk):
    tables = 0
    for reducer, table in sdk.inserters(with_keys=True):
        tables += 1
        handle = sdk.table(table)
        key_name, data_name = sdk.layout(table).fields
        index = getattr(handle, key_name)
        updates: list[tuple[Any, Any]] = []
        if table.startswith("pk"):
            handle.on_update(lambda ctx, old, new, updates=updates: updates.append((old, new)))
        keys = list(dict.fromkeys(value[0] for value in reducer.values(sdk.dice)))
        rows: dict[Any, Any] = {}
        for key, first, second in zip(keys, cycle(DATA), cycle(DATA[1:])):
            sdk.call(reducer.method, key, first)
            assert index.find(key) == sdk.row(table, key, first), table
            with pytest.raises(ReducerFailed):
                sdk.call(reducer.method, key, second)
            sdk.call(f"update_{table}", key, second)
            rows[key] = sdk.row(table, key, second)
            assert index.find(key) == rows[key], table
            if table.startswith("pk"):
                assert updates[-1] == (sdk.row(table, key, first), rows[key])
        assert sdk.cached(table) == sdk.bytes_of(table, *rows.values())
        for key in list(rows):
            row = rows[key]
            if sdk.has(f"delete_all_{table}") and len(rows) % 2:
                sdk.call(f"delete_all_{table}", key, getattr(row, data_name))
            elif sdk.has(f"delete_{table}"):
                sdk.call(f"delete_{table}", key)
            else:
                break
            del rows[key]
            assert index.find(key) is None
            assert sdk.cached(table) == sdk.bytes_of(table, *rows.values())
    assert tables > 30


def test_rows_that_name_the_caller(sdk: Sdk):
    """Reducers that insert the caller's identity or connection, alone or beside a number."""
    for kind, who in (("identity", sdk.db.identity), ("connection_id", sdk.db.connection_id)):
        for table, columns in ((f"one_{kind}", [who]), (f"vec_{kind}", [[who]])):
            sdk.call(f"insert_caller_{table}")
            assert sdk.row(table, *columns) in list(sdk.table(table))
        for table in (f"unique_{kind}", f"pk_{kind}"):
            sdk.call(f"insert_caller_{table}", 7)
            assert sdk.row(table, who, 7) in list(sdk.table(table))


def test_values_that_the_server_makes(sdk: Sdk):
    before = set(sdk.table("one_timestamp"))
    sdk.call("insert_call_timestamp")
    [row] = set(sdk.table("one_timestamp")) - before
    assert abs(row.t - Timestamp.now()) < 60_000_000
    for reducer, version in (("insert_call_uuid_v4", 4), ("insert_call_uuid_v7", 7)):
        if sdk.has(reducer):
            uuids = set(sdk.table("one_uuid"))
            sdk.call(reducer)
            [made] = set(sdk.table("one_uuid")) - uuids
            assert made.u.version == version
    if sdk.has("sorted_uuids_insert"):
        sdk.call("sorted_uuids_insert")
        assert len(sdk.table("pk_uuid")) >= 1000


def test_reducers_of_lists_of_rows(sdk: Sdk):
    btree, types = sdk.table("btree_u32"), sdk.types
    rows = [types.BTreeU32(n=n, data=data) for n, data in ((1, 1), (1, 2), (2, 3), (2**32 - 1, -4))]
    sdk.call("insert_into_btree_u32", rows)
    assert sorted(row.data for row in btree.n.filter(1)) == [1, 2]
    assert [row.data for row in btree.n.filter(at_least(3))] == [-4]
    sdk.call("delete_from_btree_u32", rows[1:])
    assert list(btree) == rows[:1]
    sdk.call("insert_into_pk_btree_u32", [types.PkU32(n=10, data=1)], [types.BTreeU32(n=10, data=2)])
    assert sdk.table("pk_u32").n.find(10) == types.PkU32(n=10, data=1)
    assert [row.data for row in btree.n.filter(10)] == [2]


def test_reducers_of_several_tables(sdk: Sdk):
    pk, two = sdk.table("pk_u32").n, sdk.table("pk_u32_two").n
    sdk.call("insert_pk_u32", 1_000, 1)
    sdk.call("insert_unique_u32_update_pk_u32", 1_000, 5, 6)
    assert (sdk.table("unique_u32").n.find(1_000).data, pk.find(1_000).data) == (5, 6)
    sdk.call("delete_pk_u32_insert_pk_u32_two", 1_000, 6)
    assert (pk.find(1_000), two.find(1_000).data) == (None, 6)


def test_an_index_of_an_enum(sdk: Sdk):
    indexed, (first, second) = sdk.table("indexed_simple_enum"), list(sdk.types.SimpleEnum)[:2]
    sdk.call("insert_into_indexed_simple_enum", first)
    assert [row.n for row in indexed.n.filter(first)] == [first]
    sdk.call("update_indexed_simple_enum", first, second)
    assert [row.n for row in indexed] == [second]


def test_the_remaining_reducers(sdk: Sdk):
    db = sdk.db
    sdk.call("insert_user", "Ada", db.identity)
    assert sdk.table("users").identity.find(db.identity).name == "Ada"
    # Rust writes no moment that lies beyond the years that it has.
    every = sdk.reducers[_plain("insert_one_every_primitive_struct")].values(sdk.dice)
    [struct] = next(value for value in every if value[0].s == 0)
    sdk.call("insert_primitives_as_strings", struct)
    assert any(len(row.s) == len(type(struct).__match_args__) for row in sdk.table("vec_string"))
    sdk.call("no_op_succeeds")


def test_each_reducer_has_been_called(sdk: Sdk):
    """By the cases above; the scheduled one alone is for the server to call."""
    assert sdk.reducers.keys() - sdk.called - {_plain("send_scheduled_message")} == set()
    assert len(sdk.called) > 150
