"""Definitions that are newer than stdbpy, older, damaged, or contradict themselves."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stdbpy.errors import NewerThanUnderstood, SchemaError
from stdbpy.sats.bsatn import compile_codec
from stdbpy.sats.types import Primitive
from stdbpy.schema import read_module_def, schema_from_json, validate, write_module_def
from stdbpy.schema.raw_v10 import SECTIONS
from tests.schema import recorded
from tests.schema.builders import index, module, reducer, view


def sections(*encoded: bytes) -> bytes:
    """A V10 definition of these sections."""
    return b"\2" + struct.pack("<I", len(encoded)) + b"".join(encoded)


def text(words: str) -> bytes:
    return compile_codec(Primitive.STRING).encode(words)


def section_tag(name: str) -> bytes:
    return bytes([[variant.name for variant in SECTIONS.variants].index(name)])


EMPTY_TYPESPACE = b"\0" + struct.pack("<I", 0)


@pytest.mark.parametrize(
    ("data", "names"),
    [
        (b"\3", "number 3"),
        (sections(EMPTY_TYPESPACE, b"\x11\0\0\0\0"), "section number 17"),
        (sections(section_tag("CaseConversionPolicy") + b"\2"), "section CaseConversionPolicy"),
        (
            sections(section_tag("ExplicitNames") + struct.pack("<I", 1) + b"\4" + text("a") + text("b")),
            "section ExplicitNames",
        ),
        (b"\1" + struct.pack("<I", 1) + b"\x63", "99"),
    ],
)
def test_newer_bytes_are_named(data: bytes, names: str) -> None:
    with pytest.raises(NewerThanUnderstood) as raised:
        read_module_def(data)
    assert names in str(raised.value)
    assert "newer than this stdbpy understands" in str(raised.value)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda d: d["sections"].append({"Triggers": []}), "'Triggers'"),
        (lambda d: d.update(signature="x"), "'signature'"),
        (lambda d: d["sections"][2]["Tables"][0].update(ttl=5), "'ttl'"),
        (lambda d: d["sections"][2]["Tables"][0].update(table_access={"Friends": []}), "Friends"),
        (lambda d: d["sections"][0]["Typespace"]["types"].append({"Map": {}}), "Map"),
    ],
)
def test_newer_json_is_named(change: Any, names: str) -> None:
    printed = recorded.printed("modules_basic", 10)
    change(printed)
    with pytest.raises(NewerThanUnderstood) as raised:
        schema_from_json(printed)
    assert names in str(raised.value)


def test_newer_json_of_version_9_is_named() -> None:
    printed = recorded.printed("modules_basic", 9)
    printed["misc_exports"].append({"Trigger": {}})
    with pytest.raises(NewerThanUnderstood, match="Trigger"):
        schema_from_json(printed)


@pytest.mark.parametrize("data", [b"\0\0\0\0", b"\0"])
def test_version_8_is_too_old(data: bytes) -> None:
    with pytest.raises(SchemaError, match="version 8"):
        read_module_def(data)
    with pytest.raises(SchemaError, match="version 8"):
        schema_from_json({"V8BackCompat": {}})


@pytest.mark.parametrize(
    "definition",
    [None, [], {}, "text", {"error": "not found"}, {"sections": 1}, {"sections": [1]}, {"V9": []}, {"V10": 5}],
)
def test_other_json_is_no_definition(definition: Any) -> None:
    with pytest.raises(SchemaError, match="no module definition"):
        schema_from_json(definition)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_schema_or_one_kind_of_error(data: bytes) -> None:
    try:
        schema = read_module_def(data)
    except SchemaError:
        return
    validate(schema)


@given(st.data())
def test_damaged_definitions_are_a_schema_or_one_kind_of_error(data: st.DataObject) -> None:
    definition = bytearray(
        recorded.definition(data.draw(st.sampled_from(["modules_basic", "views_query", "http_routes"])))
    )
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(definition) - 1))
        definition[position] = data.draw(st.integers(0, 255))
    del definition[data.draw(st.one_of(st.just(len(definition)), st.integers(0, len(definition)))) :]
    try:
        schema = read_module_def(bytes(definition))
        problems = validate(schema)
    except SchemaError:
        return
    if not problems:
        assert read_module_def(write_module_def(schema)) == schema


@pytest.mark.parametrize("name", ["modules_basic", "quickstart_chat-1.2.0"])
def test_every_shortened_definition_is_refused(name: str) -> None:
    definition = recorded.definition(name)
    for length in range(len(definition)):
        with pytest.raises(SchemaError):
            read_module_def(definition[:length])
    with pytest.raises(SchemaError, match="left over"):
        read_module_def(definition + b"\0")


def _changed(change: Any) -> Any:
    from stdbpy.schema import schema_to_json

    printed = schema_to_json(module(table={"indexes": (index(0),)}, reducers=(reducer("a"),), views=(view("v"),)))
    parts = {kind: content for section in printed["sections"] for kind, content in section.items()}
    change(parts)
    return {"sections": [{kind: content} for kind, content in parts.items()]}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda parts: parts["Tables"][0].update(primary_key=[0, 1]), "table person"),
        (lambda parts: parts["Tables"].append(parts["Tables"][0]), "table person"),
        (lambda parts: parts["Tables"][0].update(default_values=[{"col_id": 9, "value": ""}]), "table person"),
        (
            lambda parts: parts.update(
                Schedules=[{"source_name": {"none": []}, "table_name": "x", "schedule_at_col": 0, "function_name": "a"}]
            ),
            "table x",
        ),
        (
            lambda parts: parts.update(
                Schedules=2
                * [{"source_name": {"none": []}, "table_name": "person", "schedule_at_col": 0, "function_name": "a"}]
            ),
            "table person",
        ),
        (
            lambda parts: parts.update(LifeCycleReducers=[{"lifecycle_spec": {"Init": []}, "function_name": "x"}]),
            "reducer x",
        ),
        (
            lambda parts: parts.update(
                LifeCycleReducers=[
                    {"lifecycle_spec": {"Init": []}, "function_name": "a"},
                    {"lifecycle_spec": {"OnConnect": []}, "function_name": "a"},
                ]
            ),
            "reducer a",
        ),
        (lambda parts: parts.update(ViewPrimaryKeys=[{"view_source_name": "x", "columns": ["id"]}]), "view x"),
        (lambda parts: parts.update(ViewPrimaryKeys=2 * [{"view_source_name": "v", "columns": ["id"]}]), "view v"),
    ],
)
def test_what_no_schema_can_hold_is_a_finding(change: Any, where: str) -> None:
    with pytest.raises(SchemaError) as raised:
        schema_from_json(_changed(change))
    assert [problem.where for problem in raised.value.problems] == [where]


def test_defaults_that_contradict_each_other_in_version_9() -> None:
    printed = recorded.printed("auto_migration_add_columns_again", 9)
    printed["misc_exports"].append(printed["misc_exports"][0])
    with pytest.raises(SchemaError, match="two defaults"):
        schema_from_json(printed)
