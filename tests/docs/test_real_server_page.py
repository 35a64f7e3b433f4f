"""What the page "Python on the real server" says is so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from stdbpy.api import ApiClient
from stdbpy.module.left_out import LEFT_OUT
from stdbpy.module.package import ModuleSource
from stdbpy.project.templates import create_project
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.build import build_wasm
from tests.docs.console import ROOT, check
from tests.real_servers import RealServer

PAGE = ROOT / "docs" / "python-on-the-real-server.md"
ROWS = [line.split("|")[1:3] for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
MODULE = "from stdbpy import reducer, ReducerContext\n\n\n@reducer\ndef run(ctx: ReducerContext) -> None:\n"


def names(text: str) -> list[str]:
    return re.findall(r"`([\w.]+)`", text)


def test_what_works_in_it_can_be_imported(build_cache: Path) -> None:
    (works,) = [names(row[1]) for row in ROWS if row[0].strip() == "works"]
    assert len(works) > 50
    imports = "".join(f"import {name}\n" for name in works)
    build_wasm(ModuleSource({"game.py": f"{imports}{MODULE}    pass\n".encode()}, "game"), cache=build_cache)


def test_what_does_not_is_not_there() -> None:
    not_there = [name for row in ROWS if row[0].strip().startswith(("no ", "C lib")) for name in names(row[1])]
    assert len(not_there) > 20
    assert set(not_there) - LEFT_OUT.keys() == set()


def test_the_levels() -> None:
    told = {row[0].strip(" `"): row[1].strip() for row in ROWS if row[0].strip().startswith("`10.")}
    assert told == {name: AbiLevel.named(name).servers for name in ("10.0", "10.5", "10.6")}


@pytest.mark.real
@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_console_examples(tmp_path: Path, build_cache: Path, real_server: RealServer) -> None:
    create_project("chat", tmp_path / "chat")
    (tmp_path / "cache" / "stdbpy").mkdir(parents=True)
    (tmp_path / "cache" / "stdbpy" / "wasm").symlink_to(build_cache)
    with ApiClient(real_server.url) as api:
        token = api.create_identity().token
    address = real_server.url.partition("://")[2]
    environment = {"STDBPY_TOKEN": token, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    check(PAGE, tmp_path / "chat", address, environment, within=800)
