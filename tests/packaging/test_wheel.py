"""What users get: the wheel's contents, and the main job done with it away from this checkout."""

from __future__ import annotations

import ast
import shutil
import sys
import zipfile
from collections.abc import Iterator
from email.message import Message
from email.parser import Parser
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import stdbpy
from tests.packaging.conftest import ROOT, Run, build, install
from tests.real_servers import RealServer

INSTALLING = pytest.mark.timeout(900)
"""For tests that may download all dependencies first."""


MOST_BYTES = 6_500_000


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(f"stdbpy-{stdbpy.__version__}.dist-info/METADATA").decode())


def test_holds_all_code_and_the_mark_of_types(names: set[str]) -> None:
    code = {path.relative_to(ROOT).as_posix() for path in (ROOT / "stdbpy").rglob("*.py")}

    assert code <= names
    assert "stdbpy/py.typed" in names


def test_holds_all_templates_and_completions(names: set[str]) -> None:
    for folder, place in (("project_templates", "stdbpy/project/templates"), ("completions", "stdbpy/cli/completions")):
        files = [path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix != ".pyc"]
        assert files
        for path in files:
            assert f"{place}/{path.relative_to(ROOT / folder).as_posix()}" in names


def test_holds_the_runtime_of_webassembly_modules_and_its_licenses(names: set[str]) -> None:
    folder = "stdbpy/wasm/runtime"
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*") if path.is_file()}
    licenses = {path for path in files if path.startswith(f"{folder}/licenses/")}

    assert {f"{folder}/{name}" for name in ("python.wasm.xz", "stdlib.bin.xz", "runtime.json", "parts.json")} <= files
    assert files <= names
    assert {Path(path).stem for path in licenses} >= {"python", "hacl", "wasi-libc", "cloudlibc", "musl", "dlmalloc"}
    assert {f"stdbpy-{stdbpy.__version__}.dist-info/licenses/{path}" for path in licenses} <= names


def test_is_no_more_than_people_download_without_a_thought(wheel: Path) -> None:
    assert wheel.stat().st_size < MOST_BYTES


def test_holds_nothing_else(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} == {"stdbpy", f"stdbpy-{stdbpy.__version__}.dist-info"}
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".so"))]


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    build("sdist", ROOT, tmp_path)
    [sdist] = tmp_path.glob("*.tar.gz")
    shutil.unpack_archive(sdist, tmp_path, filter="data")
    build("wheel", tmp_path / sdist.name.removesuffix(".tar.gz"), tmp_path)

    assert (tmp_path / wheel.name).read_bytes() == wheel.read_bytes()


def test_nothing_in_it_names_this_machine(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            assert str(ROOT).encode() not in archive.read(name), name


def test_says_what_it_is(metadata: Message, names: set[str]) -> None:
    assert metadata["Version"] == stdbpy.__version__
    own, *carried = metadata["License-Expression"].split(" AND ")
    assert own == "Apache-2.0"
    assert {"Python-2.0.1", "Apache-2.0 WITH LLVM-exception", "CC0-1.0", "MIT", "BSD-2-Clause"} <= set(carried)
    assert metadata["Requires-Python"] == ">=3.11"
    assert f"stdbpy-{stdbpy.__version__}.dist-info/licenses/LICENSE" in names
    assert "server" in metadata.get_all("Provides-Extra", [])


WITH_OTHERS = {
    "annotationlib": "Python's own, from 3.14 on",
    "pydantic_core": "comes with pydantic",
    "pytest": "whoever uses its plugin has it",
    "typing_extensions": "for type checkers, which come with it",
}
"""What is imported and needs no declaration, and why."""


def imported(code: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(code.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module.partition(".")[0]


def test_what_it_imports_is_declared(metadata: Message) -> None:
    """As a dependency, or of an extra. The long tests install it, with them and without."""
    declared = {canonicalize_name(Requirement(each).name) for each in metadata.get_all("Requires-Dist", [])}
    names = {name for code in (ROOT / "stdbpy").rglob("*.py") for name in imported(code)}
    others = names - sys.stdlib_module_names - {"stdbpy"} - WITH_OTHERS.keys()
    distributions = packages_distributions()
    assert {"httpx", "wasmtime"} <= others
    assert {
        name for name in others if not declared & {canonicalize_name(each) for each in distributions.get(name, [name])}
    } == set()


@INSTALLING
def test_without_the_extra_all_but_the_server_works(installed: Path, user: Run) -> None:
    assert user(installed / "stdbpy", "--version").stdout == f"stdbpy {stdbpy.__version__}\n"
    assert user(installed / "stdbpy", "init", "game").returncode == 0

    start = user(installed / "stdbpy", "start")

    assert start.returncode == 1
    assert 'pip install "stdbpy[server]"' in start.stderr
    assert "Traceback" not in start.stderr


@INSTALLING
@pytest.mark.real
@pytest.mark.long
def test_without_the_extra_a_module_gets_to_spacetimedb(
    installed: Path, user: Run, tmp_path: Path, real_server: RealServer
) -> None:
    """Nothing can run it while it is built, and it is told so."""
    told = publish_chat(installed, user, tmp_path / "plainchat", real_server)

    assert "warning: wasmtime is not installed" in told


@INSTALLING
@pytest.mark.real
@pytest.mark.long
def test_without_any_compiler_a_module_gets_to_spacetimedb(
    installed: Path, wheel: Path, user: Run, tmp_path: Path, real_server: RealServer
) -> None:
    install(user, installed, f"{wheel}[server]")

    told = publish_chat(installed, user, tmp_path / "wheelchat", real_server)

    assert "warning" not in told


def publish_chat(installed: Path, user: Run, project: Path, server: RealServer) -> str:
    """Makes a project and publishes it, with the programs of an environment alone; what has been told on the way."""
    stdbpy = installed / "stdbpy"
    created = user(stdbpy, "init", "--template", "chat", project.name, at=project.parent, programs=installed)
    assert created.returncode == 0, created.stderr

    published = user(stdbpy, "publish", "--server", server.url, at=project, programs=installed)

    assert published.returncode == 0, published.stderr
    call = user(stdbpy, "call", "--server", server.url, project.name, "set_name", "Ada", programs=installed)
    assert call.returncode == 0, call.stderr
    return published.stderr


@INSTALLING
@pytest.mark.long
def test_the_main_job(installed: Path, wheel: Path, user: Run) -> None:
    install(user, installed, f"{wheel}[server]")

    demo = user(installed / "python", "-m", "stdbpy.cli.demo")

    assert demo.returncode == 0, demo.stdout + demo.stderr
    where = user(installed / "python", "-c", "import stdbpy; print(stdbpy.__file__)").stdout
    assert where.startswith(str(installed.parent))


@INSTALLING
@pytest.mark.long
def test_a_new_project_sets_itself_up_and_passes_its_tests(installed: Path, user: Run, tmp_path: Path) -> None:
    created = user(installed / "stdbpy", "init", "my-game", at=tmp_path)
    assert created.returncode == 0, created.stderr

    done = user("make", "test", at=tmp_path / "my-game")

    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert (tmp_path / "my-game/.venv/bin/stdbpy").is_file()
    assert "__pycache__" not in created.stderr
