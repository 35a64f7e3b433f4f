"""Every column type of sdk_test: values sent by ``call`` are read back by ``sql`` as they were."""

from __future__ import annotations

import random

import pytest

from stdbpy.api import ApiClient
from stdbpy.errors import EncodeError
from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.schema.model import ModuleSchema, Reducer, Table
from tests.contract.conftest import on
from tests.contract.subject import Subject
from tests.contract.values import bounds_of, random_of, same

RANDOM_VALUES = 3

pytestmark = on("embedded", "embedded-wasm", "2.8.3")


@pytest.fixture(scope="module")
def api(server: Subject):
    with server.client() as client:
        yield client


@pytest.fixture(scope="module", params=[pytest.param("sdk", marks=pytest.mark.long), "newer_sdk"])
def database(request: pytest.FixtureRequest, server: Subject) -> str:
    """The module that all servers have, and the newer one, which has more types, in a V10 definition."""
    name: str = request.getfixturevalue(request.param)
    return name


@pytest.fixture(scope="module")
def schema(api: ApiClient, database: str) -> ModuleSchema:
    return api.schema(database)


def inserters(schema: ModuleSchema) -> list[tuple[Reducer, Table]]:
    """The reducers that insert their arguments as a row, each with its table."""
    found = []
    for reducer in schema.reducers:
        table = schema.tables_by_name.get(reducer.name.removeprefix("insert_"))
        parameters = [element.type for element in reducer.params.elements]
        if table is not None and reducer.name.startswith("insert_"):
            columns = [column.type for column in table.columns]
            if columns and columns == parameters and not table.constraints:
                found.append((reducer, table))
    return found


def test_all_kinds_of_columns_are_there(schema: ModuleSchema):
    assert len(inserters(schema)) > 50


def test_values_come_back_as_they_were_sent(server: Subject, api: ApiClient, database: str, schema: ModuleSchema):
    dice = random.Random(2833)
    wrong = []
    for reducer, table in inserters(schema):
        arguments = compile_json_codec(reducer.params, schema.typespace)
        values = bounds_of(reducer.params, schema.typespace)
        values += [random_of(reducer.params, schema.typespace, dice) for _ in range(RANDOM_VALUES)]
        api.sql(database, f"DELETE FROM {table.name}")
        for value in values:
            api.call(database, reducer.name, arguments.to_json(value))
        [result] = api.sql(database, f"SELECT * FROM {table.name}")
        codec = compile_json_codec(result.columns, form="result")
        rows = [codec.from_json(row) for row in result.rows]
        for value in values:
            if not any(same(value, row, exact_floats=server.is_embedded) for row in rows):
                wrong.append((table.name, value, result.rows))
        for row in rows:
            if not any(same(value, row, exact_floats=server.is_embedded) for value in values):
                wrong.append((table.name, "nobody sent", row))
    assert wrong == []


def test_by_name_as_well(server: Subject, api: ApiClient, database: str, schema: ModuleSchema):
    """Arguments as an object, products as objects and variants by name: the form people write."""
    wrong = []
    for reducer, table in inserters(schema):
        arguments = compile_json_codec(reducer.params, schema.typespace, form="named")
        value = bounds_of(reducer.params, schema.typespace)[-1]
        api.sql(database, f"DELETE FROM {table.name}")
        api.call(database, reducer.name, arguments.to_json(value))
        [result] = api.sql(database, f"SELECT * FROM {table.name}")
        row = compile_json_codec(result.columns, form="result").from_json(result.rows[0])
        if not same(value, row, exact_floats=server.is_embedded):
            wrong.append((table.name, value, row))
    assert wrong == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_json_cannot_say_is_refused_before_it_is_sent(schema: ModuleSchema, value: float):
    reducer = next(reducer for reducer, table in inserters(schema) if table.name in {"one_f64", "one_f_64"})
    with pytest.raises(EncodeError, match="cannot be said in JSON"):
        compile_json_codec(reducer.params, schema.typespace).to_json((value,))


def test_a_float_too_large_for_its_column_becomes_infinite(api: ApiClient, sdk: str):
    """What the real servers make of 1e39 for an f32; SQL gives it back as null."""
    api.sql(sdk, "DELETE FROM one_f32")
    api.call(sdk, "insert_one_f32", [1e39])
    assert api.sql(sdk, "SELECT * FROM one_f32")[0].rows == [[None]]
