"""The README's commands are run and give the output that it shows."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.codegen import HEADER_MARKER, generate
from stdbpy.project.generated import write_package
from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.docs.console import ROOT, blocks, check
from tests.docs.examples import built

README = ROOT / "README.md"


def test_opens_with_the_two_commands() -> None:
    lines = [line.strip() for line in README.read_text(encoding="utf-8").splitlines() if line.startswith("    make ")]
    targets = [line.split()[1] for line in lines]
    assert targets == ["demo", "test"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert all(f"\n{target}:" in makefile for target in targets)


def test_the_larger_module_works(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _, _, module, _ = blocks(README, "python")
    (call,) = (line for block in blocks(README, "sh") for line in block.splitlines() if line.startswith("stdbpy call"))
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(built(module, tmp_path).package, "game")
        monkeypatch.setenv("STDBPY_SERVER", server.url)
        monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
        assert run(*shlex.split(call)[1:]).code == 0
        assert run(*shlex.split(call)[1:]).err == "Error: You are in already.\n"
        assert run("call", "game", "poison", "RED").code == 0
        shown = run("sql", "game", "SELECT name, team, level, effects, motto FROM player")
    expected = {"name": "Ada", "team": "RED", "level": 1, "effects": [{"Poison": 3}], "motto": None}
    assert json.loads(shown.out) == expected


def test_its_test_passes(tmp_path: Path) -> None:
    *_, module, text = blocks(README, "python")
    (tmp_path / "game.py").write_text(module)
    (tmp_path / "test_game.py").write_text(text)
    words = ["-m", "pytest", "-q", "--stdbpy-module=game.py", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1].startswith("1 passed"), done.stdout + done.stderr


def test_the_client_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text, client, *_ = blocks(README, "python")
    assert len([line for line in client.splitlines() if line]) <= 10
    module = built(text, tmp_path)
    write_package(generate(module.schema), tmp_path / "module_bindings", marker=HEADER_MARKER)
    monkeypatch.syspath_prepend(tmp_path)
    names: dict[str, Any] = {}
    with RunningServer() as server, ApiClient(server.url, server.owner_token) as api:
        api.publish(module.package, "people")
        exec(client.replace("http://127.0.0.1:3000", server.url), names)
    for name in [name for name in sys.modules if name.partition(".")[0] == "module_bindings"]:
        del sys.modules[name]
    assert (names["ada"].id, names["ada"].name) == (1, "Ada")
    assert capsys.readouterr().out == "Ada is new.\n"


def test_main_job_is_less_than_a_screen() -> None:
    (job,) = blocks(README, "console")
    assert len(job.splitlines()) <= 40
    assert max(map(len, job.splitlines())) <= 120


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_main_job(tmp_path: Path, free_address: str) -> None:
    check(README, tmp_path, free_address)
