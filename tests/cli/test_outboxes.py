"""Projects whose modules call reducers in other databases: commands know outboxes, and which servers do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from stdbpy.server import RunningServer
from tests.cli.conftest import Run
from tests.docs.console import ROOT, blocks
from tests.real_servers import RealServer

WAREHOUSE, SHOP, *_ = blocks(ROOT / "docs" / "outboxes.md", "python")


@pytest.fixture
def shop(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The projects of the page, of which this is where commands run."""
    for name, module in (("warehouse", WAREHOUSE), ("shop", SHOP)):
        folder = home / name
        folder.mkdir()
        (folder / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1"\n\n[tool.stdbpy]\nmodule = "{name}"\n'
        )
        (folder / f"{name}.py").write_text(module)
    monkeypatch.chdir(home / "shop")
    return home / "shop"


@pytest.mark.usefixtures("shop")
def test_a_project_with_an_outbox(run: Run, server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STDBPY_SERVER", server.url)
    monkeypatch.setenv("STDBPY_TOKEN", server.owner_token)
    assert run("build", "--check-only").code == 0
    described = map(json.loads, run("describe", "--module", ".").out.splitlines())
    [sends] = [each["sends"] for each in described if each.get("sends")]
    assert sends == {
        "reducer": "reserve",
        "database": "warehouse",
        "args": ["article", "pieces"],
        "on_result": "reserved",
    }
    assert run("generate", "--out-dir", "client").code == 0
    assert "def order(" in Path("client/reducers.py").read_text()
    assert "def reserved(" not in Path("client/reducers.py").read_text()
    assert run("publish").code == 0
    warehouse = run("publish", "--module-path", "../warehouse", "warehouse")
    assert warehouse.code == 0, warehouse.err
    assert run("call", "shop", "order", json.loads(warehouse.out)["identity"], "shoes", "2").code == 0
    assert run("publish").code == 0


def test_an_outbox_that_does_not_fit(run: Run, shop: Path) -> None:
    module = shop / "shop.py"
    module.write_text(module.read_text().replace("pieces: u32", "pieces: u64"))
    refused = run("build", "--check-only")
    line = next(number for number, text in enumerate(module.read_text().splitlines(), 1) if "pieces: u64 =" in text)
    assert (refused.code, refused.out) == (1, "")
    assert f"shop.py:{line}: error: Reservation.pieces is u64, but 'reserve' takes u32 for 'count'\n" in refused.err


@pytest.mark.real
@pytest.mark.usefixtures("shop", "wasm_cache")
@pytest.mark.timeout(600)
def test_a_server_that_knows_no_outboxes(run: Run, real_server: RealServer) -> None:
    refused = run("publish", "--server", real_server.url)
    assert (refused.code, refused.out) == (1, "")
    assert "cannot be built for the ABI 10.5: the outbox 'reservation' needs 10.6\n" in refused.err
    assert "Hint: Build it for 10.6, which is for SpacetimeDB 2.14 and later\n" in refused.err
