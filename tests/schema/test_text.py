from __future__ import annotations

from dataclasses import replace

import pytest

from stdbpy.sats.satsjson import compile_json_codec
from stdbpy.sats.types import IDENTITY, SCHEDULE_AT, TIMESTAMP, ArrayType, Primitive, TypeRef, option, product, sum_of
from stdbpy.schema import Procedure, read_module_def, reducer_signature, sample_arguments
from stdbpy.schema.model import Submodule
from stdbpy.schema.text import contents_text
from tests.schema import recorded
from tests.schema.builders import STRING, U8, U32, module, reducer, view


def test_signatures_name_parameters_and_types() -> None:
    schema = module(
        reducers=(reducer("add", ("name", STRING), ("age", option(U32)), ("row", TypeRef(0)), ("who", IDENTITY)),),
        procedures=(Procedure("", "sum", product(("numbers", ArrayType(U32))), U32),),
        views=(view("all"), view("some", product(("__query__", TypeRef(0))))),
    )
    assert reducer_signature(schema, schema.reducers[0]) == "add(name: str, age: u32 | None, row: Row, who: Identity)"
    assert reducer_signature(schema, schema.procedures[0]) == "sum(numbers: list[u32]) -> u32"
    assert reducer_signature(schema, schema.views[0]) == "all() -> list[Row]"
    assert reducer_signature(schema, schema.views[1]) == "some() -> Query[Row]"


def test_samples_are_what_a_person_would_write() -> None:
    schema = module(
        reducers=(
            reducer(
                "add",
                ("name", STRING),
                ("age", option(U32)),
                ("row", TypeRef(0)),
                ("at", TIMESTAMP),
                ("when", SCHEDULE_AT),
                ("data", ArrayType(U8)),
                ("big", Primitive.U256),
            ),
        )
    )
    assert sample_arguments(schema, schema.reducers[0]) == [
        "name",
        {"some": 1},
        {"id": 1, "name": "name"},
        {"__timestamp_micros_since_unix_epoch__": 1_700_000_000_000_000},
        {"Interval": {"__time_duration_micros__": 1_000_000}},
        "00ff",
        "0x1",
    ]


def test_samples_of_recursive_types_end() -> None:
    schema = module(
        product(("a", U8)),
        ("Tree", product(("children", ArrayType(TypeRef(1))), ("parent", option(TypeRef(1))))),
        ("List", sum_of(("More", TypeRef(3)), ("End", product()))),
        ("Cell", product(("rest", TypeRef(2)))),
        reducers=(reducer("plant", ("tree", TypeRef(1)), ("list", TypeRef(2))),),
    )
    assert sample_arguments(schema, schema.reducers[0]) == [
        {"children": [], "parent": {"none": []}},
        {"End": {}},
    ]


@pytest.mark.parametrize("name", recorded.NAMES)
def test_samples_are_values_of_the_parameters(name: str) -> None:
    schema = read_module_def(recorded.definition(name))
    for function in (*schema.reducers, *schema.procedures):
        compile_json_codec(function.params, schema.typespace).from_json(sample_arguments(schema, function))


def test_contents_are_those_of_mounted_modules_too() -> None:
    inner = module(reducers=(reducer("add"), reducer("take")), views=(view("all"),))
    outer = module(procedures=(Procedure("", "sum", product(), U32),))
    assert contents_text(outer) == "1 table, 0 reducers, 1 procedure"
    mounted = replace(outer, submodules=(Submodule("inner", "inner", inner),))
    assert contents_text(mounted) == "2 tables, 2 reducers, 1 view, 1 procedure"
