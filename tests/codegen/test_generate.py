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
from collections.abc import Callable
from pathlib import Path

import pytest

from stdbpy.codegen import HEADER_MARKER, RowStyle, generate
from stdbpy.sats.types import UNIT, ArrayType, Primitive, TypeRef, option, product, result, sum_of
from stdbpy.schema import (
    Index,
    IndexAlgorithm,
    ModuleSchema,
    Procedure,
    Reducer,
    Table,
    TypeDef,
    UniqueConstraint,
    View,
    complete,
    schema_from_json,
    with_names,
)
from tests.codegen.awkward import awkward_schema

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


PACKAGES: dict[str, Callable[[], dict[str, str]]] = {
    **{f"{module}_client": lambda module=module: generate(golden_schema(module)) for module in MODULES},
    "awkward_client": lambda: generate(awkward_schema()),
    "awkward_pydantic_client": lambda: generate(awkward_schema(), include_private=True, rows=RowStyle.PYDANTIC),
}
"""The golden packages, and how to make them."""


@pytest.mark.parametrize("package", PACKAGES)
def test_the_golden_package_is_what_is_generated(package: str) -> None:
    files = PACKAGES[package]()
    assert PACKAGES[package]() == files
    folder = GOLDEN / package
    if os.environ.get("UPDATE_GOLDEN"):
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in files.items():
            (folder / path).write_text(text)
    assert {path.name: path.read_text() for path in folder.iterdir() if path.is_file()} == files


@pytest.mark.parametrize("module", ["quickstart_chat", "sdk_test"])
def test_the_order_in_which_a_server_prints_makes_no_difference(module: str) -> None:
    [path] = DEFINITIONS.glob(f"{module}.v*.json")
    definition = json.loads(path.read_text())
    for section in definition["sections"]:
        for name, entries in section.items():
            if name in ("Tables", "Reducers", "Types"):
                entries.reverse()
    assert generate(schema_from_json(definition)) == PACKAGES[f"{module}_client"]()


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=GOLDEN, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def tool(name: str) -> str:
    return str(Path(sys.executable).parent / name)


def test_golden_packages_are_formatted() -> None:
    run(tool("ruff"), "format", "--isolated", "--check", *PACKAGES)
    rules = "--select=E4,E7,E9,F,I", "--ignore=E741"  # sdk_test itself calls a column `l`
    run(tool("ruff"), "check", "--isolated", *rules, *PACKAGES)


def test_golden_packages_pass_mypy_strict(mypy_cache: Path) -> None:
    run(tool("mypy"), "--strict", "--config-file=", "--cache-dir", str(mypy_cache), *PACKAGES)


@pytest.mark.timeout(300)
def test_golden_packages_pass_pyright_strict(tmp_path: Path) -> None:
    config = {
        "include": [str(GOLDEN / package) for package in PACKAGES],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    run(tool("basedpyright"), "--project", str(tmp_path), "--pythonpath", sys.executable)


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
    types, module = parts["types"], parts["module"].MODULE  # type: ignore[attr-defined]
    codec = module.catalog.tables["one_enum_with_payload"].json_codec  # type: ignore[attr-defined]
    row = types.OneEnumWithPayload(types.EnumWithPayloadStr("hello"))  # type: ignore[attr-defined]
    assert codec.from_json(codec.to_json(row)) == row
    row = types.OneSimpleEnum(types.SimpleEnum.TWO)  # type: ignore[attr-defined]
    codec = module.catalog.tables["one_simple_enum"].json_codec  # type: ignore[attr-defined]
    assert codec.from_json(codec.to_json(row)) == row
    assert module.reducer("insert_one_u_8").json_arguments.to_json((3,)) == [3]


def test_arguments_are_of_the_package_without_being_imported() -> None:
    code = "import quickstart_chat_client as p; assert 'arguments' in p.__all__; print(p.arguments.SetName('Ada').name)"
    done = subprocess.run([sys.executable, "-c", code], cwd=GOLDEN, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("Ada\n", "")


def test_calls_go_by_the_names_of_the_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(GOLDEN))
    from awkward_client.procedures import PendingProcedures
    from awkward_client.reducers import Reducers

    calls: list[tuple[object, ...]] = []
    reducers = Reducers(lambda *call: calls.append(call))
    reducers.init("x")
    reducers.list_(self_=1, lambda_=2, str="y")
    reducers.auth.login(3)
    PendingProcedures(lambda *call: calls.append(call)).auth.current()
    assert calls == [("__init__", ("x",)), ("list", (1, 2, "y")), ("auth.login", (3,)), ("auth.current", ())]


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


def test_names_of_any_length_are_formatted(tmp_path: Path) -> None:
    for length in range(1, 120, 3):
        (tmp_path / f"client_{length}").mkdir()
        for path, text in generate(schema_with_names_of(length)).items():
            (tmp_path / f"client_{length}" / path).write_text(text)
    run(tool("ruff"), "format", "--isolated", "--check", str(tmp_path))


def schema_with_names_of(length: int) -> ModuleSchema:
    """Everything in it is called by so many letters."""
    name, other = "n" * length, "m" * length
    kind = sum_of(("a" * length, Primitive.U8), ("b" * length, TypeRef(0)), ("c" * length, UNIT))
    row = product((name, Primitive.U64), (other, result(Primitive.STRING, TypeRef(1))), ("Cc" * length, TypeRef(1)))
    space = (row, kind)
    return complete(
        ModuleSchema(
            typespace=space,
            source_typespace=space,
            types=(TypeDef(name, name, 0), TypeDef(other, other, 1)),
            tables=(
                Table(
                    name, name, 0, (), primary_key=0,
                    indexes=(
                        Index("", "", name, IndexAlgorithm.BTREE, (0,)),
                        Index("", "", f"{name}_{other}", IndexAlgorithm.BTREE, (0, 1)),
                    ),
                    constraints=(UniqueConstraint("", "", (0,)),),
                ),
            ),
            reducers=(Reducer(name, name, product((name, TypeRef(1)), (other, option(TypeRef(0))))),),
            procedures=(Procedure(other, other, product((name, Primitive.U8)), result(TypeRef(0), TypeRef(1))),),
            views=(View(other, other, 0, True, False, product(), ArrayType(TypeRef(0))),),
        )
    )  # fmt: skip


def test_importing_a_package_is_quick() -> None:
    """Types and queries come without the parts that connect."""
    slow = {"asyncio", "httpx", "picows", "ssl", "stdbpy.client.connection", "stdbpy.schema", "websockets"}
    program = f"import sys, sdk_test_client; print(sorted({slow!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=GOLDEN, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
