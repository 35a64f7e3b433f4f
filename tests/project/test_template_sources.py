from __future__ import annotations

import json
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from stdbpy.errors import ProjectError, UsageError
from stdbpy.project import templates
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.template_sources import BUILT_IN
from stdbpy.project.templates import Wishes, create_project

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A template of cookiecutter's, with a hook that must not run."""
    folder = tmp_path / "their-template"
    project = folder / "{{cookiecutter.database}}"
    project.mkdir(parents=True)
    (folder / "cookiecutter.json").write_text(json.dumps({"database": "theirs", "greeting": "hi"}))
    (folder / "hooks").mkdir()
    (folder / "hooks" / "post_gen_project.py").write_text("open('ran', 'w')\n")
    (project / "hello.py").write_text("print('{{cookiecutter.greeting}} {{cookiecutter.database}}')\n")
    return folder


def repository_of(folder: Path) -> Path:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    for command in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_a_folder_with_a_template(template: Path, tmp_path: Path) -> None:
    created = create_project(str(template), tmp_path / "my-game")

    assert created.files == ("hello.py",)
    assert (created.root / "hello.py").read_text() == "print('hi my-game')\n"
    assert (template / "hooks").is_dir()


def test_a_folder_that_is_no_template_is_copied_as_it_is(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "spacetimedb").mkdir(parents=True)
    (theirs / "spacetimedb" / "module.py").write_text("'{{cookiecutter.database}}'\n")

    created = create_project(str(theirs), tmp_path / "my-game")

    assert created.files == ("spacetimedb/module.py",)
    assert (created.root / "spacetimedb" / "module.py").read_text() == "'{{cookiecutter.database}}'\n"


def project_of_somebody(folder: Path) -> Path:
    """A project in use, with what belongs to the machine and its user."""
    for name, text in {
        "Makefile": "-include local.mk\n",
        "local.mk": "STDBPY = theirs\n",
        "spacetime.json": '{"database": "theirs"}',
        "spacetime.local.json": "{}",
        "spacetime.dev.local.json": "{}",
        ".venv/pyvenv.cfg": "",
        ".stdb/control.sqlite": "",
        "web/node_modules/left-pad/index.js": "",
        ".pytest_cache/README.md": "",
        "src/__pycache__/module.pyc": "",
        "src/module.py": "",
    }.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


@pytest.fixture
def from_a_folder(monkeypatch: pytest.MonkeyPatch) -> str:
    """An stdbpy that did not come from the package index: what installs it."""
    requirement = "stdbpy[server] @ file:///src/stdbpy"
    monkeypatch.setattr(templates, "local_requirement", lambda: requirement)
    return requirement


def test_what_belongs_to_a_machine_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(templates, "local_requirement", lambda: None)

    created = create_project(str(project_of_somebody(tmp_path / "theirs")), tmp_path / "my-game")

    assert created.files == ("Makefile", "spacetime.json", "src/module.py")


def test_a_copied_project_gets_settings_of_this_machine(tmp_path: Path, from_a_folder: str) -> None:
    created = create_project(str(project_of_somebody(tmp_path / "theirs")), tmp_path / "my-game")

    assert (created.root / "local.mk").read_text().endswith(f"\nSTDBPY ?= {from_a_folder}\n")


@pytest.mark.parametrize("makefile", [None, "all:\n\tcat local.mk\n", "include not-local.mk\n"])
@pytest.mark.usefixtures("from_a_folder")
def test_settings_are_for_makefiles_that_read_them(tmp_path: Path, makefile: str | None) -> None:
    theirs = project_of_somebody(tmp_path / "theirs")
    if makefile is None:
        (theirs / "Makefile").unlink()
    else:
        (theirs / "Makefile").write_text(makefile)

    created = create_project(str(theirs), tmp_path / "my-game")

    assert "local.mk" not in created.files


@needs_git
def test_settings_that_a_repository_brought_are_replaced(tmp_path: Path, from_a_folder: str) -> None:
    theirs = repository_of(project_of_somebody(tmp_path / "theirs"))

    created = create_project(theirs.as_uri(), tmp_path / "my-game")

    assert from_a_folder in (created.root / "local.mk").read_text()
    assert "theirs" not in (created.root / "local.mk").read_text()


def test_a_project_inside_its_template(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("")

    created = create_project(str(tmp_path), tmp_path / "my-game")

    assert created.files == ("module.py",)


@needs_git
def test_a_repository_by_its_url(template: Path, tmp_path: Path) -> None:
    created = create_project(repository_of(template).as_uri(), tmp_path / "my-game")

    assert (created.root / "hello.py").is_file()
    assert not (created.root / ".git").exists()


@needs_git
@pytest.mark.parametrize("name", ["ada/game-template", "gh:ada/game-template", "ada/game-template.git"])
def test_a_repository_on_github(template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    repository_of(template)
    repositories = tmp_path / "github" / "ada"
    repositories.mkdir(parents=True)
    template.rename(repositories / "game-template.git")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{repositories.parent.as_uri()}/.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/")

    created = create_project(name, tmp_path / "my-game")

    assert (created.root / "hello.py").is_file()


@needs_git
def test_a_repository_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="cannot be fetched"):
        create_project((tmp_path / "nothing").as_uri(), tmp_path / "my-game")

    assert not (tmp_path / "my-game").exists()


def test_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ProjectError, match="git is not installed"):
        create_project("ada/game", tmp_path / "my-game")


@pytest.mark.parametrize(("name", "hint"), [("caht", "chat"), ("react", "OWNER/REPOSITORY"), ("", "OWNER/REPOSITORY")])
def test_a_name_that_can_be_no_template(tmp_path: Path, name: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        create_project(name, tmp_path / "my-game")

    assert hint in caught.value.hint


def test_a_template_with_a_mistake(template: Path, tmp_path: Path) -> None:
    (template / "{{cookiecutter.database}}" / "hello.py").write_text("{% if %}")

    with pytest.raises(ProjectError, match="cannot be rendered"):
        create_project(str(template), tmp_path / "my-game")

    assert not (tmp_path / "my-game").exists()


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_project_of_the_server_alone(tmp_path: Path, name: str) -> None:
    created = create_project(name, tmp_path / "my-game", Wishes(server_only=True))

    assert "client.py" not in created.files
    for file in ("Makefile", "README.md"):
        text = (created.root / file).read_text()
        assert "make client" not in text
        assert "client.py" not in text
    if shutil.which("make"):
        subprocess.run(["make", "--silent", "help"], cwd=created.root, check=True, stdout=subprocess.DEVNULL)
    assert build(discover(created.root)).problems == ()


def test_a_template_without_a_client_cannot_leave_it_out(template: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no client"):
        create_project(str(template), tmp_path / "my-game", Wishes(server_only=True))


def test_the_server_that_it_is_published_to(tmp_path: Path) -> None:
    with_one = create_project("basic", tmp_path / "a", Wishes(server="local"))
    without = create_project("basic", tmp_path / "b")

    settings = [tomllib.loads((project.root / "pyproject.toml").read_text()) for project in (with_one, without)]
    assert [document["tool"]["stdbpy"].get("server") for document in settings] == ["local", None]
