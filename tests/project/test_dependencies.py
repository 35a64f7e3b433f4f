"""Which installed packages a module takes along into WebAssembly, and which it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from stdbpy.errors import ModuleLoadError, ProjectError
from stdbpy.module.package import ModuleSource
from stdbpy.project import dependencies
from stdbpy.project.dependencies import Bundle
from stdbpy.project.model import Project
from tests.project.installed import NATIVE, install


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder like site-packages."""
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


def bundle(site: Path, code: str, *dependencies_: str, **files: str) -> Bundle:
    contents = {"game.py": code, **{f"{name}.py": text for name, text in files.items()}}
    source = ModuleSource({path: text.encode() for path, text in contents.items()}, "game")
    return dependencies.bundle(Project(site, "game", dependencies=dependencies_), source, [str(site)])


def problems(site: Path, code: str, *dependencies_: str) -> list[tuple[str, str, str]]:
    with pytest.raises(ModuleLoadError) as caught:
        bundle(site, code, *dependencies_)
    return [(problem.where, problem.message, problem.hint) for problem in caught.value.problems]


def test_a_package_comes_whole_with_what_it_requires(site: Path) -> None:
    files = {
        "geometry/__init__.py": "import numbers_of_it\n",
        "geometry/inner/shapes.py": "",
        "geometry/inner/table.json": "{}",
        "geometry/__pycache__/shapes.cpython-311.pyc": "",
        "geometry/py.typed": "",
        "tests/test_geometry.py": "",
        "../bin/geometry": "#!python",
    }
    install(site, "Geo-Metry", files, "numbers-of-it>=1", version="2.1")
    install(site, "numbers_of_it", {"numbers_of_it.py": "PI = 3\n"}, "geo_metry")
    install(site, "unused", {"unused.py": ""})

    found = bundle(site, "import geometry.inner.shapes\nimport json, stdbpy", "geo.metry<3", "unused", "stdbpy[server]")

    assert found.packages == ("Geo-Metry 2.1", "numbers_of_it 1.0")
    assert found.files == {
        "geometry/__init__.py": b"import numbers_of_it\n",
        "geometry/inner/shapes.py": b"",
        "geometry/inner/table.json": b"{}",
        "numbers_of_it.py": b"PI = 3\n",
    }
    assert found.problems == ()


def test_a_module_that_imports_nothing_takes_nothing_along(site: Path) -> None:
    assert bundle(site, "import json\nfrom stdbpy import table\nfrom . import other", "missing>=1").files == {}


def test_extras_and_markers(site: Path) -> None:
    requires = (
        'colours; extra == "pretty"',
        'frames; extra == "data"',
        "windows; sys_platform == 'win32'",
        "typing_things; python_version >= '3'",
    )
    install(site, "game-rules", {"rules.py": ""}, *requires)
    for name in ("colours", "frames", "windows", "typing_things"):
        install(site, name, {f"{name}.py": ""})

    assert bundle(site, "import rules", "game-rules").packages == ("game-rules 1.0", "typing_things 1.0")
    pretty = bundle(site, "import rules", "game-rules", 'game-rules[pretty]; python_version >= "3"')
    assert pretty.packages == ("colours 1.0", "game-rules 1.0", "typing_things 1.0")
    assert bundle(site, "import rules", "game-rules", 'windows; python_version < "3"').packages[0] == "game-rules 1.0"


def test_what_is_declared_and_not_installed(site: Path) -> None:
    install(site, "chess", {"chess.py": ""})
    code = "import chess\n\nimport attr\n"

    assert problems(site, code, "chess", "attrs[x]>=23,<24; python_version > '3'") == [
        (
            "game.py:3",
            "there is no module 'attr', and attrs, which the project depends on, is not installed",
            'pip install "attrs[x]<24,>=23"',
        )
    ]
    assert bundle(site, "import chess", "chess", "attrs").packages == ("chess 1.0",)


def test_of_several_that_are_missing_the_namesake_is_named(site: Path) -> None:
    (found,) = problems(site, "import red_black", "attrs", "Red-Black")
    assert found[1:] == (
        "there is no module 'red_black', and Red-Black, which the project depends on, is not installed",
        'pip install "Red-Black"',
    )


@pytest.mark.parametrize(("is_installed", "declared"), [(False, ()), (False, ("numpy",)), (True, ())])
def test_nothing_is_installed_that_cannot_work(site: Path, is_installed: bool, declared: tuple[str, ...]) -> None:
    if is_installed:
        install(site, "numpy", {"numpy/__init__.py": ""})

    ((_, _, hint),) = problems(site, "import numpy.random", *declared)
    assert hint == "numpy is native code, which cannot run in WebAssembly, and so not on SpacetimeDB: do without it"


def test_what_is_installed_and_not_declared(site: Path) -> None:
    install(site, "attrs", {"attr/__init__.py": ""})
    install(site, "stdbpy", {}, "attrs")

    assert problems(site, "import attr\nimport nowhere", "stdbpy") == [
        (
            "game.py:1",
            "'attr' is of the package attrs, which the project does not depend on",
            'Add "attrs" to `dependencies` in [project] of pyproject.toml',
        ),
        (
            "game.py:2",
            "there is no module 'nowhere' to import",
            "Install its package, and name that among the dependencies in pyproject.toml",
        ),
    ]


@pytest.mark.parametrize(
    "code",
    [
        "try:\n    import fast\nexcept ImportError:\n    fast = None\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fast\n",
        "def f():\n    try:\n        import fast\n    except ImportError:\n        pass\n",
    ],
)
def test_what_the_code_gets_along_without(site: Path, code: str) -> None:
    assert bundle(site, code).files == {}
    assert len(problems(site, f"{code}\nimport fast\n")) == 1


def test_a_version_that_the_project_does_not_want(site: Path) -> None:
    install(site, "chess", {"chess.py": ""}, version="1.2rc1")

    assert bundle(site, "import chess", "chess>=1.1").packages == ("chess 1.2rc1",)
    assert problems(site, "import chess", "chess>=2") == [
        ("game.py:1", "chess 1.2rc1 is installed here, and the project game wants chess>=2", 'pip install "chess>=2"')
    ]


def test_native_code_is_refused_when_it_is_imported(site: Path) -> None:
    install(site, "frames", {"frames.py": "import speedy._core\n"}, "speedy")
    files = {
        "speedy/__init__.py": "",
        f"speedy/_core{NATIVE}": "",
        f"speedy/text{NATIVE}": "",
        "speedy/text.py": "in_python = True\n",
        "speedy.libs/libz.so": "",
        f"_speedy{NATIVE}": "",
    }
    install(site, "speedy", files)

    found = bundle(site, "import frames", "frames")

    assert sorted(found.files) == ["_speedy.py", "frames.py", "speedy/__init__.py", "speedy/_core.py", "speedy/text.py"]
    assert found.files["speedy/text.py"] == b"in_python = True\n"
    sentence = "speedy._core is native code of the package speedy, which frames requires; it cannot run in WebAssembly"
    with pytest.raises(ModuleNotFoundError, match=sentence) as caught:
        exec(found.files["speedy/_core.py"])
    assert caught.value.name == "speedy"
    assert found.problems == ()


def test_what_packages_read(site: Path) -> None:
    files = {
        "grammar/__init__.py": "",
        "grammar/rules/common.lark": "rule",
        "grammar/fast.c": "",
        "grammar/__init__.pyi": "",
        "grammar/tests/example.txt": "",
        "atlas/__init__.py": "",
        "atlas/earth.dat": "x" * (4 << 20),
        "atlas/moon.dat": "x",
        "README.md": "",
    }
    install(site, "grammar", {path: text for path, text in files.items() if not path.startswith("atlas")})
    install(site, "atlas", {path: text for path, text in files.items() if path.startswith("atlas")})

    found = bundle(site, "import grammar, atlas", "grammar", "atlas")

    assert found.files == {"grammar/__init__.py": b"", "grammar/rules/common.lark": b"rule", "atlas/__init__.py": b""}
    (warning,) = found.problems
    assert (warning.level, warning.where) == ("warning", "atlas")
    assert "atlas/earth.dat among them, do not come along: they are 4.2 MB" in warning.message


def test_time_zones_are_those_of_a_package(site: Path) -> None:
    code = "from zoneinfo import ZoneInfo\n"
    [(where, message, hint)] = problems(site, code)
    assert where == "game.py:1"
    assert "no time zones but those of the package tzdata" in message
    assert '"tzdata" to `dependencies`' in hint

    install(site, "tzdata", {"tzdata/__init__.py": "", "tzdata/zoneinfo/Europe/Berlin": "TZif"})
    assert len(problems(site, code)) == 1  # the project does not depend on it
    assert "tzdata/zoneinfo/Europe/Berlin" in bundle(site, code, "tzdata").files
    assert bundle(site, "import json\n", "tzdata").files == {}

    install(site, "calendars", {"calendars.py": "def of(name):\n    import zoneinfo\n"})
    assert bundle(site, "import calendars", "calendars", "tzdata").packages == ("calendars 1.0", "tzdata 1.0")


def test_native_code_that_is_not_tried_by_the_build(site: Path) -> None:
    install(site, "speedy", {f"speedy{NATIVE}": ""})

    (warning,) = bundle(site, "def f():\n    import speedy\n", "speedy").problems
    assert (warning.level, warning.where) == ("warning", "game.py:2")
    assert "speedy has native code" in warning.message
    assert bundle(site, "import speedy\ndef f():\n    import speedy\n", "speedy").problems == ()


def test_clashes(site: Path) -> None:
    install(site, "rules", {"rules/__init__.py": ""})
    install(site, "enum34", {"enum.py": ""})

    with pytest.raises(ProjectError, match="'rules' is a module of the project and one of the package rules"):
        install(site, "needs-rules", {"needs_rules.py": ""}, "rules")
        bundle(site, "import needs_rules, rules", "needs-rules", rules="")
    with pytest.raises(ProjectError, match="enum34 has a module 'enum', and Python itself has one"):
        install(site, "needs-enum", {"needs_enum.py": ""}, "enum34")
        bundle(site, "import needs_enum", "needs-enum")


def test_one_namespace_of_several_packages(site: Path) -> None:
    install(site, "space-one", {"space/one.py": ""})
    install(site, "space-two", {"space/two.py": ""})

    assert sorted(bundle(site, "import space.one", "space-one", "space-two").files) == ["space/one.py", "space/two.py"]


def test_editable_installations(site: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    for path in ("rules/__init__.py", "rules/combat.py", "lonely.py", "tests/test_rules.py", "flat/card.py"):
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        (work / path).write_text(path)
    (work / "flat" / "__init__.py").write_text("")
    install(site, "rules", {"_rules.pth": f"{work}\n"}, editable=True)
    finder = f"from x import y\nMAPPING: dict[str, str] = {{'cards': {str(work / 'flat')!r}}}\n"
    install(site, "cards", {"__editable___cards_1_0_finder.py": finder}, editable=True)

    found = bundle(site, "import rules, cards", "rules", "cards")

    assert sorted(found.files) == [
        *("cards/__init__.py", "cards/card.py", "flat/__init__.py", "flat/card.py"),
        *("lonely.py", "rules/__init__.py", "rules/combat.py"),
    ]


def test_editable_installations_of_other_kinds(site: Path, tmp_path: Path) -> None:
    for path in ("src/acme/foo/__init__.py", "src/types.py", "src/docs/a.md", "flat/__init__.py"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("")
    install(site, "acme-foo", {"_acme.pth": "../src\nimport x\n"}, editable=True)
    finder = f"MAPPING = {{'cards': {str(tmp_path / 'flat')!r}}}\n"  # of setuptools before 69
    install(site, "cards", {"__editable___cards_1_0_finder.py": finder}, editable=True)

    found = bundle(site, "import acme.foo, cards", "acme-foo", "cards")

    assert sorted(found.files) == ["acme/foo/__init__.py", "cards/__init__.py"]


@pytest.mark.parametrize("content", [None, b"\xff\xfe\n", b"gone\n"])
def test_editable_installations_that_lead_nowhere(site: Path, content: bytes | None) -> None:
    install(site, "rules", {"_rules.pth": ""}, editable=True)
    (site / "_rules.pth").unlink()
    if content is not None:
        (site / "_rules.pth").write_bytes(content)

    with pytest.raises(ProjectError, match="the editable installation of rules leads to no Python files"):
        bundle(site, "import rules", "rules")


def test_a_broken_installation(site: Path) -> None:
    install(site, "chess", {"chess.py": ""})
    (site / "chess.py").unlink()
    with pytest.raises(ProjectError, match=r"chess\.py of the package chess cannot be read") as caught:
        bundle(site, "import chess", "chess")
    assert caught.value.hint == "Install it again: pip install --force-reinstall chess"

    (site / "chess-1.0.dist-info" / "RECORD").unlink()
    with pytest.raises(ProjectError, match="nothing says which files belong to the package chess"):
        bundle(site, "import chess", "chess")


def test_what_is_no_requirement(site: Path) -> None:
    with pytest.raises(ProjectError, match=r"pyproject\.toml: 'chess >> 1' is no requirement"):
        bundle(site, "import chess", "chess >> 1")
