"""The official client and the official program, with a database in Python on SpacetimeDB itself."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from tests import real_servers
from tests.contract.typescript_program import bundled, told_by
from tests.hosts.town import SOURCES, Town, on

pytestmark = on(hosts=("2.8.3",))


def test_the_client_for_typescript(town: Town, tmp_path: Path) -> None:
    program = bundled(SOURCES.parent / "typescript" / "city.ts", town.program, tmp_path)
    town.call("forget_errands")
    assert told_by(program, town.url, town.database, "Thea") == [
        ["my pet", "Thea's cat"],
        ["myself", [["Thea", 59]]],
        ["elders before", False],
        ["elders after", True],
        ["added", "4294967296"],
        ["counted", [1, 2, 2]],
        ["errand", 2],
        ["rung", ["Thea", 3], 0],
        ["refused", "a bell rings once at least"],
        ["bug", "ZeroDivisionError: division by zero"],
        ["a bug of a procedure", True],
        ["after it", "2"],
    ]


class Official:
    """The official program, as one person."""

    def __init__(self, folder: Path, url: str) -> None:
        self._words = [real_servers.program("spacetimedb-cli-2.8.3"), "--config-path", folder / "cli.toml"]
        self._folder = folder
        self._url = url
        self("login", "--server-issued-login", url, server=False)

    def __call__(self, *words: str | Path, server: bool = True, fails: bool = False) -> str:
        where = ["-s", self._url] if server else []
        done = subprocess.run(
            [*self._words, words[0], *where, *words[1:]],
            cwd=self._folder,
            env={"HOME": str(self._folder), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout + done.stderr
        return done.stdout + done.stderr if fails else done.stdout


def test_the_program(town: Town, tmp_path: Path) -> None:
    wasm = tmp_path / "city.wasm"
    wasm.write_bytes(town.program)
    official = Official(tmp_path, town.url)
    name = "city-by-the-official-program"
    official("publish", "--bin-path", wasm, "--yes", name)
    official("call", name, "open_bank", '["ann", "bob"]', "100")
    official("call", name, "transfer", '"ann"', '"bob"', "30")
    assert "ann has 70 €, not 71 €" in official("call", name, "transfer", '"ann"', '"bob"', "71", fails=True)
    assert official("call", name, "add", "1", "2").strip() == "3"
    rows = official("sql", name, "SELECT owner, balance FROM account").splitlines()[2:]
    assert sorted(line.split() for line in rows) == [['"ann"', "|", "70"], ['"bob"', "|", "130"]]
    assert "ZeroDivisionError: division by zero" in official("call", name, "fail", '"zero"', fails=True)
    logs = official("logs", name)
    assert "town/bugs.py" in logs
    assert 'File "town/bugs.py", line ' in logs
    assert '"transfer"' in official("describe", "--json", name)
    seen = official("subscribe", name, "SELECT * FROM account", "--print-initial-update", "--num-updates", "0")
    assert {row["owner"] for row in json.loads(seen.splitlines()[0])["account"]["inserts"]} == {"ann", "bob"}
    official("publish", "--bin-path", wasm, "--yes", name)  # again, the same
    assert "130" in official("sql", name, "SELECT balance FROM account WHERE owner = 'bob'")
    official("delete", "--yes", name)
    official("sql", name, "SELECT * FROM account", fails=True)
