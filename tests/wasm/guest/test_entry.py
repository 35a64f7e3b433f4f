"""The guest's Python code in this process does what the native host does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from stdbpy.wasm.abi import AbiLevel
from tests.engine.sample import program
from tests.wasm.guest.cases import HEAD, TABLES, Cases, Ran, Same, run
from tests.wasm.guest.in_process import GuestCode


@pytest.fixture
def same(monkeypatch: pytest.MonkeyPatch) -> Same:
    def same(steps: Callable[[Any], Any], source: str = TABLES, levels: tuple[int, ...] = (0, 4, 5, 6)) -> Ran:
        packed = program(source, head=HEAD)
        native = run(steps, packed)
        for level in levels:
            with monkeypatch.context() as patch:
                patch.setattr(GuestCode, "level", AbiLevel(level))
                patch.setattr("stdbpy.engine.host_python.PythonCode", GuestCode)
                assert run(steps, packed) == native, f"level {AbiLevel(level)}"
        return native

    return same


class TestEntry(Cases):
    pass
