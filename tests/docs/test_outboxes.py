"""The page about calls between databases: its modules call each other, and its tests pass."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stdbpy.testing import ModuleDatabase, load_module
from tests.docs.console import ROOT, blocks

WAREHOUSE, SHOP, REGION, TESTS = blocks(ROOT / "docs" / "outboxes.md", "python")


@pytest.fixture
def databases(tmp_path: Path) -> Iterator[tuple[ModuleDatabase, ModuleDatabase]]:
    for name, module in (("warehouse", WAREHOUSE), ("shop", SHOP)):
        (tmp_path / f"{name}.py").write_text(module)
    with (
        load_module(tmp_path / "warehouse.py").database() as warehouse,
        load_module(tmp_path / "shop.py").database() as shop,
    ):
        yield warehouse, shop


def test_its_modules_call_each_other(databases: tuple[ModuleDatabase, ModuleDatabase]) -> None:
    warehouse, shop = databases
    warehouse.reducers.stock_up("shoes", 3)
    for _ in range(3):
        shop.reducers.order(warehouse.identity, "shoes", 2)
    shop.sent[0].deliver_to(warehouse)
    warehouse.reducers.admit(shop.identity)
    while shop.sent:
        shop.sent[0].deliver_to(warehouse)
    assert [order.outcome for order in shop.rows("order")] == [
        "Only shops reserve articles.",
        "on its way",
        "There are not 2 of shoes.",
    ]
    assert warehouse.tables.stock.one("shoes").count == 1


def test_its_regions_call_each_other(tmp_path: Path) -> None:
    (tmp_path / "region.py").write_text(REGION)
    module = load_module(tmp_path / "region.py")
    with module.database() as here, module.database() as there:
        here.reducers.arrive("Ada")
        here.reducers.travel("Ada", there.identity)
        here.sent[0].deliver_to(there)
        assert (here.rows("traveller"), len(there.rows("traveller"))) == ([], 1)


def test_its_tests_pass(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "shop"\n\n[tool.pytest.ini_options]\npythonpath = ["."]\nfilterwarnings = ["error"]\n'
    )
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "test_shop.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1].startswith("2 passed")
