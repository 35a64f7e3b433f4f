"""What the pages of the docs show is true: commands are run, modules built, settings read, links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import stdbpy
from stdbpy import api, client, sats, testing
from stdbpy.api import ApiClient
from stdbpy.cli.group import Group, load_command
from stdbpy.cli.invocation import Invocation
from stdbpy.client import pool, query, tables
from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.project.build import build
from stdbpy.project.discover import discover
from stdbpy.project.generated import write_package
from stdbpy.project.pyproject import KEYS
from stdbpy.project.targets import load_targets
from stdbpy.project.templates import create_project
from stdbpy.server import RunningServer
from tests.docs.console import ROOT, check, shown_on
from tests.docs.examples import PAGES, all_blocks, built

DOCS = ROOT / "docs"
BESIDE_A_PROJECT = sorted(
    page for folder in ("command-line", "clients") for page in (DOCS / folder).glob("*.md") if shown_on(page)
)
COMMAND_LINES = [
    line
    for _, block in all_blocks("sh")
    for line in block.splitlines()
    if line.startswith("stdbpy ") and " | " not in line
]

needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")


@needs_bash
def test_getting_started(tmp_path: Path, free_address: str) -> None:
    check(DOCS / "getting-started.md", tmp_path, free_address)


@needs_bash
@pytest.mark.parametrize("page", BESIDE_A_PROJECT, ids=lambda page: page.stem)
def test_console_examples(tmp_path: Path, page: Path) -> None:
    """They are in the project of Getting started, published, with one message in it."""
    create_project("chat", tmp_path / "chat")
    chat = build(discover(tmp_path / "chat"))
    write_package(generate(chat.schema), tmp_path / "chat" / "module_bindings", marker=HEADER_MARKER)
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as as_owner:
        as_owner.publish(chat.package, "chat")
        as_owner.call("chat", "set_name", ["Ada"])
        as_owner.call("chat", "send_message", ["Hello from Python!"])
        address = server.url.partition("://")[2]
        check(page, tmp_path / "chat", address, {"STDBPY_TOKEN": server.owner_token})


@pytest.mark.parametrize("line", COMMAND_LINES)
def test_commands_are_understood(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0], comments=True)[1:]
    path = [words.pop(0)]
    command = load_command(*path)
    while isinstance(command, Group) and words and words[0] in command.lines:
        path.append(words.pop(0))
        command = load_command(*path)
    command.make_context(path[-1], words, obj=Invocation())


@pytest.mark.parametrize(
    ("page", "module"),
    [(page, text) for page, text in all_blocks("python") if page.startswith("docs/api/") or "@table" in text],
    ids=lambda text: text if "/" in text else "",
)
def test_modules_build(tmp_path: Path, page: str, module: str) -> None:
    if page.startswith("docs/api/"):
        compile(module, page, "exec")
        return
    checked = built(module, tmp_path)
    assert checked.problems == ()
    assert checked.schema.tables


@pytest.mark.parametrize(("page", "text"), all_blocks("toml"))
def test_settings_of_python_projects(tmp_path: Path, page: str, text: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    found = load_targets(tmp_path)
    assert found is not None
    assert [target.database for target in found.targets] == ["chat"]
    assert found.targets[0].generate


@pytest.mark.parametrize(("page", "text"), all_blocks("json"))
def test_settings_in_spacetime_json(tmp_path: Path, page: str, text: str) -> None:
    (tmp_path / "spacetime.json").write_text(text)
    found = load_targets(tmp_path)
    assert found is not None
    assert [target.database for target in found.targets] == ["chat", "chat-archive"]


def test_every_key_of_python_projects_is_explained() -> None:
    page = (DOCS / "command-line" / "configuration.md").read_text(encoding="utf-8")
    assert all(f"| `{key}` |" in page for key in KEYS)


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
@pytest.mark.parametrize(("page", "text"), all_blocks("make"))
def test_the_makefile_is_one(tmp_path: Path, page: str, text: str) -> None:
    (tmp_path / "Makefile").write_text(text)
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "build", "publish", "generate", "check"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    for line in dict.fromkeys(done.stdout.splitlines()):
        test_commands_are_understood(line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).resolve().is_file(), target


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("stdbpy", [name for names in stdbpy._HOMES.values() for name in names]),
        ("sats", [name for names in sats._HOMES.values() for name in names]),
        ("api", api.__all__),
        ("client", client.__all__),
        ("client-query", query.__all__),
        ("client-tables", tables.__all__),
        ("client-pool", pool.__all__),
        ("testing", testing.__all__),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_public_name_is_explained(page: str, names: list[str]) -> None:
    text = (DOCS / "api" / f"{page}.md").read_text(encoding="utf-8")
    for other in {"sats": ["stdbpy"], "client": ["client-pool", "client-tables"]}.get(page, []):
        text += (DOCS / "api" / f"{other}.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^::: [\w.]+\.(\w+)$", text, re.MULTILINE))
    assert set(names) - explained == set()


def test_the_reference_of_commands_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, str(DOCS / "command_reference.py"), "--check"], capture_output=True, text=True, cwd=ROOT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_an_outdated_reference_is_seen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    copy = tmp_path / "docs" / "command_reference.py"
    copy.parent.mkdir()
    copy.write_bytes((DOCS / "command_reference.py").read_bytes())
    (copy.parent / "command-line").mkdir()
    (copy.parent / "command-line" / "commands.md").write_text("# Commands\n")
    run = [sys.executable, str(copy)]
    assert subprocess.run([*run, "--check"], capture_output=True, cwd=ROOT).returncode == 1
    assert subprocess.run(run, capture_output=True, cwd=ROOT).returncode == 0
    assert subprocess.run([*run, "--check"], capture_output=True, cwd=ROOT).returncode == 0


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """``strict`` of mkdocs.yml makes each warning an error: broken links, names that do not exist."""
    pytest.importorskip("mkdocstrings", reason="needs the dependency group `docs`: make docs installs it")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "site" / "index.html").is_file()
