"""Golden client packages: generated from definitions that the real server printed, formatted as
ruff would, accepted by strict type checkers, and importable.

``UPDATE_GOLDEN=1 pytest tests/codegen`` writes them anew; read the difference before committing it.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.sats.types import BYTES, TIMESTAMP, UNIT, Primitive, TypeRef, option, product, result, sum_of
from stdbpy.schema import ModuleSchema, Reducer, Table, TypeDef, schema_from_json, with_names

GOLDEN = Path(__file__).parent.parent / "golden"
DEFINITIONS = Path(__file__).parent / "data"
MODULES = [
    "quickstart_chat",
    "sdk_test",
    "sdk_test_1_2_0",
    "sdk_test_connect_disconnect",
    "sdk_test_event_table",
    "sdk_test_procedure",
    "sdk_test_view",
]
"""Compiled with 2.8.3 if nothing else is said, and printed by that server; ``quickstart_chat`` with 1.2.0."""


def golden_schema(module: str) -> ModuleSchema:
    [path] = DEFINITIONS.glob(f"{module}.v*.json")
    return schema_from_json(json.loads(path.read_text()))


@pytest.mark.parametrize("module", MODULES)
def test_the_golden_package_is_what_is_generated(module: str) -> None:
    files = generate(golden_schema(module))
    folder = GOLDEN / f"{module}_client"
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            (folder / path).write_text(text)
    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == files


@pytest.mark.parametrize("module", MODULES)
def test_generating_again_gives_the_same_bytes(module: str) -> None:
    assert generate(golden_schema(module)) == generate(golden_schema(module))


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=GOLDEN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_golden_packages_are_formatted() -> None:
    run(tool("ruff"), "format", "--isolated", "--check", *(f"{module}_client" for module in MODULES))
    rules = "--select=E4,E7,E9,F,I", "--ignore=E741"  # sdk_test itself calls a column `l`
    run(tool("ruff"), "check", "--isolated", *rules, *(f"{module}_client" for module in MODULES))


def test_golden_packages_pass_mypy_strict() -> None:
    run(tool("mypy"), "--strict", "--config-file=", *(f"{module}_client" for module in MODULES))


@pytest.mark.timeout(300)
def test_golden_packages_pass_pyright_strict(tmp_path: Path) -> None:
    config = {
        "include": [str(GOLDEN / f"{module}_client") for module in MODULES],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    run(tool("basedpyright"), "--project", str(tmp_path), "--pythonpath", sys.executable)


MISUSE = """
from quickstart_chat_client import over_http, tables

with over_http("http://127.0.0.1:3000", "chat") as chat:
    chat.reducers.set_name(3)  # error: a name is a str
    chat.reducers.set_nam("Ada")  # error: no such reducer
    for user in chat.rows(tables.user):
        user.online + "x"  # error: online is a bool
        user.name.upper()  # error: the name may be None
        user.nam  # error: no such column
"""


def test_type_checkers_see_wrong_uses(tmp_path: Path) -> None:
    (tmp_path / "misuse.py").write_text(MISUSE)
    wrong = [number for number, line in enumerate(MISUSE.splitlines(), 1) if "# error" in line]
    environment = os.environ | {"MYPYPATH": str(GOLDEN)}
    checked = subprocess.run(
        [tool("mypy"), "--strict", "--config-file=", str(tmp_path / "misuse.py")],
        capture_output=True, text=True, check=False, cwd=tmp_path, env=environment,
    )  # fmt: skip
    assert sorted({int(line.split(":")[1]) for line in checked.stdout.splitlines() if ": error:" in line}) == wrong


def import_package(
    files: dict[str, str], name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, object]:
    package = folder / name
    package.mkdir()
    for path, text in files.items():
        (package / path).write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    modules = {part: importlib.import_module(f"{name}.{part}") for part in ("types", "tables", "reducers", "module")}
    for loaded in [key for key in sys.modules if key.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, loaded)
    return dict(modules)


def test_rows_of_a_generated_package_go_through_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = import_package(generate(golden_schema("sdk_test")), "generated_sdk_test", tmp_path, monkeypatch)
    types, tables, module = parts["types"], parts["tables"], parts["module"].MODULE  # type: ignore[attr-defined]
    codec = module.row_codec(tables.one_enum_with_payload)  # type: ignore[attr-defined]
    row = types.OneEnumWithPayload(types.EnumWithPayloadStr("hello"))  # type: ignore[attr-defined]
    assert codec.from_json(codec.to_json(row)) == row
    row = types.OneSimpleEnum(types.SimpleEnum.TWO)  # type: ignore[attr-defined]
    codec = module.row_codec(tables.one_simple_enum)  # type: ignore[attr-defined]
    assert codec.from_json(codec.to_json(row)) == row
    assert module.arguments_json("insert_one_u_8", (3,)) == [3]


def awkward_schema() -> ModuleSchema:
    """Names that are keywords, hide types, or become the same in Python's style; nested options."""
    row = product(
        ("class", Primitive.U64),
        ("str", Primitive.STRING),
        ("fooBar", Primitive.U8),
        ("foo_bar", Primitive.U8),
        ("__hidden", Primitive.BOOL),
        ("__init__", Primitive.BOOL),
        ("nested", option(option(Primitive.U32))),
        ("outcome", result(BYTES, Primitive.STRING)),
        ("moment", option(TIMESTAMP)),
        ("kind", TypeRef(1)),
        ("tree", TypeRef(2)),
    )
    kind = sum_of(("None", UNIT), ("none", UNIT), ("name", UNIT), ("_last_", UNIT))
    tree = sum_of(("Leaf", UNIT), ("Node", TypeRef(3)))
    node = product(("left", TypeRef(2)), ("right", TypeRef(2)))
    types = tuple(TypeDef(name, name, ref) for ref, name in enumerate(["Row", "Kind", "Tree", "Identity"]))
    reducers = (
        Reducer("list", "list", product(("self", Primitive.U8), ("lambda", TypeRef(1)))),
        Reducer("insert", "insert", product(("items", option(Primitive.STRING)))),
        Reducer("__init__", "__init__", product(("invoke", Primitive.STRING))),
    )
    space = (row, kind, tree, node)
    table = Table("import", "import", 0, ())
    return with_names(
        ModuleSchema(typespace=space, source_typespace=space, types=types, tables=(table,), reducers=reducers)
    )


def test_awkward_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = generate(awkward_schema())
    parts = import_package(files, "generated_awkward", tmp_path, monkeypatch)
    types = parts["types"]
    assert types.Row.__match_args__ == (  # type: ignore[attr-defined]
        "class_", "str_", "foo_bar", "foo_bar_", "hidden", "init", "nested", "outcome", "moment", "kind", "tree",
    )  # fmt: skip
    assert [member.name for member in types.Kind] == ["NONE", "NONE_", "NAME", "LAST"]  # type: ignore[attr-defined]
    assert "class Identity_(msgspec.Struct" in files["types.py"]
    assert "def list_(self, self_: u8, lambda_: types.Kind)" in files["reducers.py"]
    calls: list[tuple[object, ...]] = []
    parts["reducers"].Reducers(lambda *call: calls.append(call)).init("x")  # type: ignore[attr-defined]
    assert calls == [("__init__", "x")]
    run(tool("mypy"), "--strict", "--config-file=", str(tmp_path / "generated_awkward"))
    run(tool("ruff"), "format", "--isolated", "--check", str(tmp_path / "generated_awkward"))


def test_private_tables_are_left_out_unless_asked_for() -> None:
    row = product(("id", Primitive.U64))
    schema = with_names(
        ModuleSchema(
            typespace=(row,),
            source_typespace=(row,),
            types=(TypeDef("Secret", "Secret", 0),),
            tables=(Table("secret", "secret", 0, (), is_public=False),),
        )
    )
    assert "Secret" not in generate(schema)["types.py"]
    assert "class Secret(" in generate(schema, include_private=True)["types.py"]


def test_every_file_says_that_it_is_generated() -> None:
    for text in generate(golden_schema("quickstart_chat")).values():
        assert text.startswith(HEADER_MARKER)
