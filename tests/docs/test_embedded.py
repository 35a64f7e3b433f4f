"""The pages about the embedded server: its commands are run, its program too, and its settings are none of old."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from stdbpy.cli.group import load_command
from stdbpy.cli.invocation import Invocation
from tests.docs.console import ROOT, blocks, check

PAGE = ROOT / "docs" / "embedded" / "index.md"


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_a_restarted_server_has_its_databases(tmp_path: Path, free_address: str) -> None:
    check(PAGE, tmp_path, free_address)


def test_the_program_prints_what_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    [program] = blocks(PAGE, "python")
    exec(program, {})
    assert capsys.readouterr().out.strip() == program.rpartition("# ")[2].strip()


def test_what_the_debugger_starts() -> None:
    [text] = blocks(PAGE, "jsonc")
    settings: dict[str, Any] = json.loads(text)
    [launch] = settings["configurations"]
    assert (ROOT / launch["module"].replace(".", "/") / "__main__.py").is_file()
    command, *options = launch["args"]
    load_command(command).make_context(command, options, obj=Invocation())


def test_options_that_it_names_exist() -> None:
    known = {option for parameter in load_command("start").params for option in parameter.opts}
    of_others = {"--command", "--format", "--quiet", "--template", "--follow", "--server", "--token"}
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE.read_text(encoding="utf-8")))
    assert len(named) > len(of_others)
    assert named <= known | of_others


def test_all_benchmarks_are_explained() -> None:
    page = (ROOT / "docs" / "embedded" / "speed.md").read_text(encoding="utf-8")
    known = {path.stem for path in (ROOT / "bench").glob("*.py") if not path.stem.startswith("__")}
    explained = {name for line in page.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert explained == known
