"""Programs built from Python modules: what is in them, and that the same source gives the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
import typing_extensions
import wasmtime

from stdbpy.engine.programs import load_program, program_hash
from stdbpy.errors import ModuleLoadError
from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource
from stdbpy.schema.definition import schema_to_json
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.binary import PAGE_BYTES, BinaryModule
from stdbpy.wasm.build import build_wasm
from stdbpy.wasm.built import BuiltWasm
from stdbpy.wasm.interpreter import Interpreter
from stdbpy.wasm.snapshot import MOST_SEGMENTS
from tests.wasm.building import HEAD, PEOPLE, Build

VIEW = HEAD.replace("u64", "u64, view, ViewContext") + (
    "@table\nclass Person:\n    id: u64 = column(primary_key=True)\n"
    "@view\ndef everybody(ctx: ViewContext) -> list[Person]:\n    return []\n"
)

IMAGE_BYTES = 16 << 20
"""Hosts map memory of up to this size into new instances; what is larger they copy."""


def test_the_schema_is_that_of_the_module_loaded_natively(people: BuiltWasm) -> None:
    native = load(ModuleSource({"game.py": PEOPLE.encode()}, "game")).schema

    assert schema_to_json(people.schema, 9) == schema_to_json(native, 9)
    assert people.warnings == ()
    assert people.output == ("imported",)


def test_hosts_take_the_program(people: BuiltWasm, build_cache: Path) -> None:
    program = BinaryModule.read(people.program)

    assert {each.name for each in program.exports} == {
        "memory",
        "__describe_module__",
        "__call_reducer__",
        "__call_view__",
        "__call_view_anon__",
        "__call_procedure__",
        "__call_http_handler__",
    }
    assert {each.module for each in program.imports} == {"spacetime_10.0"}
    assert len(program.data) <= MOST_SEGMENTS
    assert load_program(people.program, build_cache / "compiled").schema == people.schema


def test_it_is_small_and_starts_at_once(people: BuiltWasm) -> None:
    segments = BinaryModule.read(people.program).data

    assert len(people.program) < 9e6
    assert segments[-1].offset + len(segments[-1].data) - segments[0].offset < IMAGE_BYTES


def test_a_module_that_imports_little_is_without_what_others_have(people: BuiltWasm, build: Build) -> None:
    small = build(HEAD)
    with_characters = build(HEAD + "def f(character):\n    from unicodedata import name\n    return name(character)\n")

    assert len(small.program) < 8.5e6
    assert len(with_characters.program) - len(small.program) > 600_000
    sizes = [built.measure().runtime_code for built in (small, with_characters, people)]  # the last has decimal
    assert sizes == sorted(set(sizes))


def cache_without(kinds: tuple[str, ...], cache: Path, folder: Path) -> Path:
    """``folder``, with what ``cache``, which other tests use meanwhile, keeps of other kinds."""
    for kept in cache.iterdir():
        if not kept.name.startswith(kinds):
            (folder / kept.name).symlink_to(kept)
    return folder


def test_the_same_source_gives_the_same_bytes(
    people: BuiltWasm, build: Build, build_cache: Path, tmp_path: Path
) -> None:
    hash = program_hash(people.program)  # of what takes long to compare

    assert program_hash(build(PEOPLE).program) == hash
    forgetful = cache_without(("imported-", "started-"), build_cache, tmp_path)
    assert program_hash(build(PEOPLE, cache=forgetful).program) == hash
    assert {file.name.partition("-")[0] for file in forgetful.iterdir()} >= {"imported", "started"}


def test_other_source_gives_other_bytes(people: BuiltWasm, build: Build) -> None:
    other = build(PEOPLE.replace("a person has", "persons have"))

    assert program_hash(other.program) != program_hash(people.program)


def test_the_report_of_sizes_adds_up(people: BuiltWasm) -> None:
    sizes = people.measure()

    assert sizes.total == len(people.program)
    assert sizes.memory % PAGE_BYTES == 0
    assert "typing" in sizes.library
    assert "stdbpy.module.load" in sizes.own
    assert sizes.files == {"game.py": len(PEOPLE)}
    assert {"statistics", "_strptime"} <= sizes.later & sizes.library.keys()
    parts = [sizes.runtime_code, sizes.runtime_data, sizes.heap]
    modules = (sizes.library, sizes.own, sizes.dependencies, sizes.data, sizes.files)
    parts += [sum(each.values()) for each in modules]
    assert sum(parts) == sizes.total
    assert all(part >= 0 for part in parts)


# --- levels of the ABI -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("abi", "level"), [(None, AbiLevel.V10_4), (AbiLevel.V10_4, AbiLevel.V10_4), (AbiLevel.V10_6, AbiLevel.V10_6)]
)
def test_the_level_is_the_lowest_that_is_needed_or_the_one_that_is_asked_for(
    abi: AbiLevel | None, level: AbiLevel, build: Build
) -> None:
    built = build(VIEW, abi=abi)

    modules = {each.module for each in BinaryModule.read(built.program).imports}
    assert built.abi == level
    assert max(modules) == f"spacetime_{level}"
    wasmtime.Module.validate(wasmtime.Engine(), built.program)


def test_a_level_that_is_too_low_is_refused(build: Build) -> None:
    with pytest.raises(ModuleLoadError, match=r"for the ABI 10\.0: the view 'everybody' needs 10\.4") as error:
        build(VIEW, abi=AbiLevel.V10_0)
    assert "10.4" in error.value.hint


# --- what functions import later -------------------------------------------------------------


def test_all_of_the_library_can_be_kept(people: BuiltWasm, build: Build) -> None:
    built = build(PEOPLE, keeps_library=True)

    assert {"argparse", "csv", "html.parser"} <= built.measure().later
    assert not {"argparse", "csv", "html.parser"} & people.measure().later
    assert len(built.program) > len(people.program) + 1e6


def test_what_a_build_has_imported_is_not_taken_for_what_another_source_imports(build: Build) -> None:
    """A module that looks for what may not be there finds what a first build of it would find."""
    source = HEAD + "try:\n    import {0}\nexcept ImportError:\n    {0} = None\nprint({0})\n"

    assert build(source.format("json"), "first").output[0].startswith("<module 'json'")
    assert build(source.format("csv"), "first").output[0].startswith("<module 'csv'")
    assert build(source.format("nothing"), "first").output == ("None",)


# --- packages that are brought along ---------------------------------------------------------

PACKAGE = {
    "pears/__init__.py": b"from pears.taste import sweet\ndef sour():\n    from pears.inner import other\n",
    "pears/taste.py": b"import colorsys\nsweet = 'sweet pears'\n",
    "pears/inner/other.py": b"import sched\n",
    "pears/for_python_2.py": b"print 'pears'\n",
    "pears/py.typed": b"",
}


def test_packages_are_brought_along(build: Build) -> None:
    built = build("import pears\nprint(pears.sweet, pears.__file__)\n", bundled=PACKAGE)

    assert built.output == ("sweet pears site-packages/pears/__init__.py",)
    assert built.measure().dependencies.keys() == {"pears", "pears.taste", "pears.inner", "pears.inner.other"}
    assert {"pears.inner.other", "sched"} <= built.measure().later
    assert "colorsys" in built.measure().library
    again = build("import pears\nprint(pears.sweet, pears.__file__)\n", bundled=PACKAGE)
    assert program_hash(again.program) == program_hash(built.program)


@pytest.mark.long  # compiles the runtime
def test_who_waits_for_the_first_build_hears_why(tmp_path: Path) -> None:
    heard: list[str] = []
    source = ModuleSource({"game.py": HEAD.encode()}, "game")

    for _ in range(2):
        build_wasm(source, cache=tmp_path, compiling=lambda: heard.append("compiling"))

    assert heard == ["compiling"]


def test_a_package_that_asks_for_the_class_of_capsules(build: Build) -> None:
    source = Path(typing_extensions.__file__).read_bytes()

    built = build(
        HEAD + "import typing_extensions\nprint(typing_extensions.CapsuleType.__name__)\n",
        bundled={"typing_extensions.py": source},
    )

    assert built.output == ("PyCapsule",)


def test_an_interpreter_that_does_not_settle_is_no_program(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Interpreter._call
    monkeypatch.setattr(
        Interpreter, "_call", lambda self, name, *given: name == "build_scrub" or call(self, name, *given)
    )

    with pytest.raises(ModuleLoadError) as error:
        build(PEOPLE)

    assert error.value.problems[0].message.startswith("Python does not run")


def test_code_of_packages_that_is_not_kept_is_compiled_again(build: Build, build_cache: Path, tmp_path: Path) -> None:
    """Their source would be in the program instead: other bytes."""
    built = build("import pears\n", bundled=PACKAGE)
    forgetful = cache_without(("dependencies-",), build_cache, tmp_path)

    again = build("import pears\n", bundled=PACKAGE, cache=forgetful)

    assert program_hash(again.program) == program_hash(built.program)


READING = """\
import pkgutil
from importlib.resources import files, open_text
import pears

print(pkgutil.get_data("pears", "kinds/boscs.txt"), open_text("pears", "list.txt", encoding="utf-8").read())
print([(path.name, path.is_dir()) for path in sorted(files("pears").iterdir(), key=str)])
print((files(pears) / "kinds" / "boscs.txt").read_text(), files(pears).joinpath("../pears/list.txt").is_file())
for path in ("kinds", "nothing.txt"):
    try:
        files(pears).joinpath(path).read_bytes()
    except OSError as error:
        print(type(error).__name__)
"""


def test_packages_read_their_data(build: Build) -> None:
    data = {"pears/list.txt": "süß".encode(), "pears/kinds/boscs.txt": b"bosc", "apples/list.txt": b"gala"}
    other = {"apples/__init__.py": b""}

    built = build(READING, bundled={**PACKAGE, **data, **other})

    assert built.output == (
        "b'bosc' süß",
        "[('kinds', True), ('list.txt', False), ('py.typed', False)]",
        "bosc True",
        "IsADirectoryError",
        "FileNotFoundError",
    )
    assert built.measure().data == {"pears/list.txt": 5, "pears/kinds/boscs.txt": 4, "pears/py.typed": 0}


TIME_ZONE = b"TZif2" + bytes(15) + (0).to_bytes(16, "big") + (1).to_bytes(4, "big") + (4).to_bytes(4, "big")
TIME_ZONE += (3600).to_bytes(4, "big") + b"\0\0CET\0"
TIME_ZONE += TIME_ZONE + b"\nCET-1CEST,M3.5.0,M10.5.0/3\n"

ZONES = {
    "tzdata/__init__.py": b"",
    "tzdata/zoneinfo/__init__.py": b"",
    "tzdata/zoneinfo/Europe/__init__.py": b"",
    "tzdata/zoneinfo/Europe/Berlin": TIME_ZONE,
}


def test_time_zones_are_read_from_their_package(build: Build) -> None:
    source = (
        "from datetime import datetime\nfrom zoneinfo import ZoneInfo\n"
        "def noon():\n    return datetime(2026, 7, 1, 12, tzinfo=ZoneInfo('Europe/Berlin')).isoformat()\n"
    )

    assert build(f"{source}print(noon())\n", bundled=ZONES).output == ("2026-07-01T12:00:00+02:00",)
    at_calls = build(source, bundled=ZONES).measure()
    assert {"tzdata.zoneinfo.Europe", "importlib.resources"} <= at_calls.later
    assert at_calls.data.keys() == {"tzdata/zoneinfo/Europe/Berlin"}
    assert not build(HEAD, bundled=ZONES).measure().data


LAZY = {
    "lazy/__init__.py": b"import importlib\ndef part(name):\n    return importlib.import_module(f'lazy.{name}')\n",
    "lazy/colours.py": b"import colorsys\n",
    "relative/__init__.py": (
        b"def part():\n    import importlib\n    return importlib.import_module('.inner', __name__)\n"
    ),
    "relative/inner.py": b"",
    "relative/unused.py": b"",
    "plugins/__init__.py": b"import pkgutil\nprint([each.name for each in pkgutil.iter_modules(__path__)])\n",
    "plugins/one.py": b"",
    "plugins/two/__init__.py": b"",
}


def test_packages_that_import_their_parts_when_they_are_called(build: Build) -> None:
    built = build("import lazy, relative, plugins\n", bundled=LAZY)

    assert built.output == ("['one', 'two']",)
    assert built.measure().dependencies.keys() >= {"lazy.colours", "relative.inner", "plugins.one", "plugins.two"}
    assert "relative.unused" not in built.measure().dependencies
    assert "colorsys" in built.measure().later


@pytest.mark.long
def test_a_module_of_megabytes_of_data(build: Build) -> None:
    rows = "".join(f"    ({number}, 'name of {number}', {number}.5),\n" for number in range(75_000))

    built = build(HEAD + f"DATA = [\n{rows}]\nprint(len(DATA), DATA[-1])\n")

    assert built.output == ("75000 (74999, 'name of 74999', 74999.5)",)
    assert len(built.program) < 40e6
