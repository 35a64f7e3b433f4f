from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.errors import InvalidName, ProjectError, UsageError
from stdbpy.project import installation, template_sources
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.generated import write_package
from stdbpy.project.naming import ProjectNames
from stdbpy.project.targets import load_targets
from stdbpy.project.template_sources import BUILT_IN
from stdbpy.project.templates import NewProject, Wishes, create_project

SAME_IN_ALL = (".gitignore", "Makefile", "pyproject.toml", "my_game/__init__.py")


@pytest.fixture(params=BUILT_IN)
def created(request: pytest.FixtureRequest, tmp_path: Path) -> NewProject:
    return create_project(request.param, tmp_path / "my-game")


def test_has_all_that_a_project_needs(created: NewProject) -> None:
    assert created.names == ProjectNames("my-game", "my_game")
    assert set(created.files) - {"local.mk"} == {
        *(".gitignore", "Makefile", "README.md", "client.py", "pyproject.toml"),
        *("my_game/__init__.py", "my_game/module.py", "tests/test_module.py"),
    }
    assert set(created.files) == {
        path.relative_to(created.root).as_posix() for path in created.root.rglob("*") if path.is_file()
    }
    assert list(created.root.parent.glob(".*")) == []


def test_nothing_is_left_of_the_template(created: NewProject) -> None:
    for name in created.files:
        text = (created.root / name).read_text()
        assert "cookiecutter" not in text
        assert "my-project" not in text
        assert text.endswith("\n")


def database_in(folder: Path) -> str | None:
    found = load_targets(folder)
    return found.targets[0].database if found is not None else None


def test_is_found_and_builds_without_problems(created: NewProject) -> None:
    project = discover(created.root)
    built = build(project)

    assert (project.name, database_in(created.root)) == ("my-game", "my-game")
    assert project.bindings == created.root / "module_bindings"
    assert built.source.entry == "my_game.module"
    assert sorted(built.source.files) == ["my_game/__init__.py", "my_game/module.py"]
    assert built.schema.tables
    assert built.schema.reducers
    assert built.problems == ()


def test_names_what_it_depends_on(created: NewProject) -> None:
    document = tomllib.loads((created.root / "pyproject.toml").read_text())

    assert document["project"]["requires-python"] == ">=3.11"
    assert any(requirement.startswith("stdbpy[server]>=") for requirement in document["dependency-groups"]["dev"])


def test_what_templates_share_is_the_same(tmp_path: Path) -> None:
    roots = [create_project(template, tmp_path / template / "my-game").root for template in BUILT_IN]

    for name in SAME_IN_ALL:
        assert len({(root / name).read_text() for root in roots}) == 1, name


def test_its_code_is_formatted_and_strictly_typed(created: NewProject, mypy_cache: Path) -> None:
    project = discover(created.root)
    assert project.bindings is not None
    write_package(generate(build(project).schema), project.bindings, marker=HEADER_MARKER)
    for command in (
        ("ruff", "format", "--isolated", "--check", "."),
        ("ruff", "check", "--isolated", "--select", "B,E,F,I,SIM,UP,W", "--exclude", "module_bindings", "."),
        ("mypy", "--strict", "--cache-dir", str(mypy_cache), "my_game", "client.py", "tests", "module_bindings"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=created.root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_name_of_the_database_may_differ_from_the_folders(tmp_path: Path) -> None:
    created = create_project("basic", tmp_path / "Server", Wishes(database="game-7"))

    assert created.names == ProjectNames("game-7", "server")
    assert database_in(created.root) == "game-7"


@pytest.mark.parametrize("inside", [True, False])
def test_an_empty_folder_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inside: bool) -> None:
    root = tmp_path / "my-game"
    root.mkdir()
    number = root.stat().st_ino
    if inside:
        monkeypatch.chdir(root)

    created = create_project("basic", Path() if inside else root)

    assert created.names.package == "my_game"
    assert root.stat().st_ino == number
    assert (root / "Makefile").is_file()
    assert {path.name for path in root.iterdir()} == {name.split("/")[0] for name in created.files}


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my-game").mkdir()
    (tmp_path / "my-game" / "mine.txt").write_text("mine")

    with pytest.raises(ProjectError, match="my-game is not empty"):
        create_project("basic", tmp_path / "my-game")
    assert [path.name for path in (tmp_path / "my-game").iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my-game").write_text("mine")

    with pytest.raises(ProjectError, match="is there already and is no folder"):
        create_project("basic", tmp_path / "my-game")
    with pytest.raises(ProjectError, match="my-game cannot be written"):
        create_project("basic", tmp_path / "my-game" / "deeper")


def test_a_template_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no template 'caht'") as caught:
        create_project("caht", tmp_path / "my-game")
    assert caught.value.hint == "Did you mean 'chat'?"


@pytest.mark.parametrize("name", ["queue", "2048", "ä"])
def test_a_name_that_nobody_takes_makes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidName):
        create_project("basic", tmp_path / "new" / name)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exists: bool) -> None:
    root = tmp_path / "new" / "er" / "my-game"
    if exists:
        root.mkdir(parents=True)
    moves = iter([None, None, OSError(28, "No space left on device")])
    rename = Path.rename

    def failing_rename(self: Path, target: Path) -> Path:
        if not exists or next(moves) is not None:
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing_rename)
    with pytest.raises(ProjectError, match="No space left on device"):
        create_project("basic", root)

    if exists:
        assert list(root.iterdir()) == []
    else:
        assert not (tmp_path / "new").exists()


def test_the_users_cookiecutter_settings_are_neither_read_nor_written(tmp_path: Path, home: Path) -> None:
    (home / ".cookiecutterrc").write_text("default_context: {database: evil, package: evil}\n")
    code = (
        "from pathlib import Path; from stdbpy.project.templates import create_project;"
        f"create_project('basic', Path({str(tmp_path / 'my-game')!r}))"
    )
    environment = {**os.environ, "HOME": str(home), "COOKIECUTTER_CONFIG": str(home / "nowhere")}

    subprocess.run([sys.executable, "-c", code], env=environment, check=True)

    assert (tmp_path / "my-game/my_game/module.py").is_file()
    assert [path.name for path in home.iterdir()] == [".cookiecutterrc"]


def test_compiled_files_of_an_installed_template_stay_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shutil.copytree(template_sources.built_in_folder(), tmp_path / "templates")
    for path in list(folder.rglob("tests")):
        (path / "__pycache__").mkdir()
        (path / "__pycache__" / "conftest.pyc").write_bytes(b"\0")
    monkeypatch.setattr(template_sources, "built_in_folder", lambda: folder)

    created = create_project("chat", tmp_path / "my-game")

    assert not [name for name in created.files if "__pycache__" in name]


class Distribution:
    def __init__(self, direct_url: str | None) -> None:
        self.direct_url = direct_url

    def read_text(self, name: str) -> str | None:
        return self.direct_url if name == "direct_url.json" else None


@pytest.mark.parametrize(
    ("direct_url", "requirement"),
    [
        (None, None),
        ('{"url": "file:///src/a%20b", "dir_info": {"editable": true}}', "stdbpy[server] @ file:///src/a%20b"),
        ('{"url": "file:///x/stdbpy.whl", "archive_info": {}}', "stdbpy[server] @ file:///x/stdbpy.whl"),
        (
            '{"url": "https://example.org/s.git", "vcs_info": {"vcs": "git", "commit_id": "c0"}, "subdirectory": "py"}',
            "stdbpy[server] @ git+https://example.org/s.git@c0#subdirectory=py",
        ),
    ],
)
def test_a_project_installs_the_stdbpy_that_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct_url: str | None, requirement: str | None
) -> None:
    monkeypatch.setattr(installation, "distribution", lambda name: Distribution(direct_url))

    created = create_project("basic", tmp_path / "my-game")

    settings = created.root / "local.mk"
    assert settings.exists() == (requirement is not None)
    if requirement is not None and shutil.which("make"):
        said = subprocess.run(
            ["make", "--silent", "-f", "-", "said"], input="include local.mk\nsaid:\n\t@echo '$(STDBPY)'\n",
            cwd=created.root, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert said.stdout == f"{requirement}\n"
