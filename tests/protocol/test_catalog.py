"""The catalog of real modules: what of them messages can name, and how it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stdbpy.protocol.catalog import IndexLayout, catalog_of
from stdbpy.schema import ModuleSchema, Submodule, schema_from_json

RECORDED = Path(__file__).parent.parent / "schema" / "data"


def recorded(name: str) -> ModuleSchema:
    for version in (10, 9):
        file = RECORDED / f"{name}.v{version}.json"
        if file.is_file():
            return schema_from_json(json.loads(file.read_text()), version)
    raise FileNotFoundError(name)


@pytest.mark.parametrize("file", sorted(RECORDED.glob("*.v10.json")), ids=lambda file: file.name.split(".v10")[0])
def test_all_that_a_module_has_can_be_compiled(file: Path) -> None:
    schema = schema_from_json(json.loads(file.read_text()), 10)
    catalog = catalog_of(schema)
    for name, table in catalog.tables.items():
        assert table.name == name
        assert table.codec.decode_rows(b"") == []
        assert len(table.columns) == len(table.record.fields)
        assert table.fields == ()
        assert table.primary_key is None or table.primary_key < len(table.columns)
    for function in (*catalog.reducers.values(), *catalog.procedures.values()):
        if not function.params.elements:
            assert function.arguments.encode(()) == b""
            assert function.json_arguments.to_json(()) == []
    modules = list(schema.walk())
    assert len(catalog.tables) == sum(len(module.tables) + len(module.views) for _, module in modules)
    assert len(catalog.reducers) == sum(len(module.reducers) for _, module in modules)


class User(msgspec.Struct, gc=False):
    identity: Any
    nickname: Any
    is_online: Any


def test_rows_have_the_classes_and_names_of_generated_code() -> None:
    schema = recorded("quickstart_chat-1.2.0")
    ref = schema.tables_by_name["user"].product_ref
    user = catalog_of(schema, {ref: User}).tables["user"]
    assert user.columns == ("identity", "name", "online")
    assert user.fields == ("identity", "nickname", "is_online")
    assert user.primary_key == 0
    row = user.codec.decode(bytes(32) + b"\1\1")
    assert isinstance(row, User)
    assert (row.nickname, row.is_online) == (None, True)
    assert [index for index in user.indexes if index.unique] == [IndexLayout(user.indexes[0].name, (0,), unique=True)]


def test_functions_know_what_they_take_and_give_back() -> None:
    catalog = catalog_of(recorded("sdk_test_procedure-2.8.3"))
    procedure = catalog.procedures["return_primitive"]
    assert procedure.returned.decode(procedure.returned.encode(3)) == 3
    assert procedure.error is None
    assert procedure.arguments.decode(procedure.arguments.encode((1, 2))) == (1, 2)
    assert procedure.json_arguments.to_json((1, 2)) == [1, 2]
    for reducer in catalog.reducers.values():
        assert reducer.error is not None
        assert reducer.error.decode(b"\2\0\0\0no") == "no"


def test_event_tables_and_views_say_so() -> None:
    events = catalog_of(recorded("sdk_test_event_table-2.8.3")).tables["test_event"]
    assert events.is_event
    assert not events.is_view
    views = catalog_of(recorded("sdk_test_view-2.8.3"))
    assert any(table.is_view for table in views.tables.values())
    assert any(not table.is_view for table in views.tables.values())


def test_mounted_modules_have_their_prefix_and_their_own_classes() -> None:
    mounted = recorded("quickstart_chat-1.2.0")
    schema = replace(recorded("autoinc_basic"), submodules=(Submodule("chat", "chat", mounted),))
    ref = mounted.tables_by_name["user"].product_ref
    catalog = catalog_of(schema, {}, {"chat.": {ref: User}})
    assert catalog.tables["chat.user"].record.cls is User
    assert catalog.tables["chat.message"].fields == ()
    assert "chat.send_message" in catalog.reducers
    assert "user" not in catalog.tables
