"""The examples of the pages about clients do what the pages say, and type checkers accept them."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stdbpy.api import ApiClient
from stdbpy.codegen import RowStyle
from stdbpy.project.build import BuiltModule
from stdbpy.server import RunningServer
from stdbpy.testing import InMemoryDatabase
from tests.docs import client_examples as them
from tests.docs.client_examples import Example
from tests.docs.console import ROOT
from tests.docs.examples import built

EXAMPLES = them.examples()
MYPY = """
[mypy]
strict = true

[mypy-{examples}]
# They need not say what they take.
disallow_untyped_defs = false
disallow_incomplete_defs = false
disallow_untyped_calls = false
disallow_any_generics = false
# They may know that what they look for is there.
disable_error_code = union-attr
"""
"""What clients' code is generated for is checked as strictly as by its users."""


@dataclass
class Game:
    """The module of the pages on a server, and its generated clients by where examples run."""

    folder: Path
    """That ``game``, the project of the module, is in."""
    module: BuiltModule
    server: RunningServer
    clients: dict[str, Path]

    @property
    def address(self) -> str:
        return self.server.url.partition("://")[2]

    def publish_anew(self) -> None:
        with ApiClient(self.server.url, self.server.owner_token) as api:
            api.publish(self.module.package, them.DATABASE, clear=True)


@pytest.fixture(scope="module")
def game(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Game]:
    folder = tmp_path_factory.mktemp("clients")
    (folder / "game").mkdir()
    module = built(them.module_text(), folder / "game")
    clients = {where: folder / f"{where or 'plain'} client" for where in ("", "in memory", "pydantic")}
    them.write_client(module.schema, clients[""])
    them.write_client(them.with_what_others_have(module.schema), clients["in memory"])
    them.write_client(module.schema, clients["pydantic"], RowStyle.PYDANTIC)
    with RunningServer() as server:
        yield Game(folder, module, server, clients)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_examples(
    example: Example,
    game: Game,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    caplog.set_level(logging.WARNING, "stdbpy.client")  # and afterwards back, whatever an example sets
    if example.has_tests:
        _run_with_pytest(example, game, tmp_path)
        return
    with them.importable(game.clients[example.where]) as client:
        if example.where == "in memory":
            printed = _run_in_memory(example, client)
        else:
            game.publish_anew()
            printed = _run_on_server(example, client, game)
    assert printed == example.said_to_print()
    logged = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert [message for message in logged if not message.endswith("not trying again")] == []


def _run_with_pytest(example: Example, game: Game, folder: Path) -> None:
    (folder / "test_example.py").write_text(example.code)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(folder)],
        cwd=game.folder,
        env=os.environ
        | {"PYTEST_ADDOPTS": "", "PYTHONPATH": os.pathsep.join([str(game.clients[example.where]), str(ROOT)])},
        capture_output=True,
        text=True,
    )
    passed = example.code.count("def test_")
    assert done.stdout.splitlines()[-1].startswith(f"{passed} passed"), done.stdout


def _run_on_server(example: Example, client: Any, game: Game) -> dict[int, str]:
    names = {"tables": client.tables, "types": client.types}
    url = game.server.url
    if not example.is_async:
        with client.connect(url, them.DATABASE) as db:
            db.subscribe_to_all_tables()
            return them.run(example, game.address, {**names, "db": db})

    async def main() -> dict[int, str]:
        async with client.connect_async(url, them.DATABASE) as db:
            await db.subscribe_to_all_tables()
            return await them.run_async(example, game.address, {**names, "db": db})

    return asyncio.run(main())


def _run_in_memory(example: Example, client: Any) -> dict[int, str]:
    names = {"tables": client.tables, "types": client.types}
    with InMemoryDatabase(client.MODULE) as database:
        them.fill(database, client)
        if not example.is_async:
            db = database.connect(client.DbConnection)
            db.subscribe_to_all_tables()
            return them.run(example, "", {**names, "database": database, "db": db})

        async def main() -> dict[int, str]:
            async with database.connect_async(client.AsyncDbConnection) as db:
                await db.subscribe_to_all_tables()
                return await them.run_async(example, "", {**names, "database": database, "db": db})

        return asyncio.run(main())


@pytest.mark.timeout(300)
def test_type_checkers_accept_the_examples(game: Game, tmp_path: Path, mypy_cache: Path) -> None:
    pytest.importorskip("mypy")
    for where, client in game.clients.items():
        folder = tmp_path / (where.replace(" ", "_") or "plain")
        folder.mkdir()
        files = []
        for example in EXAMPLES:
            if example.where == where:
                file = folder / f"{example.page.partition('.')[0]}_{example.line}.py"
                file.write_text(example.as_module())
                files.append(str(file))
        if files:
            config = folder / "mypy.ini"
            config.write_text(MYPY.format(examples=",".join(Path(file).stem for file in files)))
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "mypy", "--no-error-summary", "--config-file", str(config)),
                    *("--cache-dir", str(mypy_cache), *files),
                ],
                cwd=ROOT,
                env=os.environ | {"MYPYPATH": str(client)},
                capture_output=True,
                text=True,
            )
            assert (done.stdout, done.stderr) == ("", "")
