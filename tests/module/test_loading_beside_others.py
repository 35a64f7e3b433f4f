"""A module is loaded while other threads of the process import what they need."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator

import pytest

from stdbpy.module.load import load
from stdbpy.module.package import ModuleSource

SOURCE = ModuleSource(
    {"quiet.py": b"from stdbpy import ReducerContext, reducer\n\n@reducer\ndef nothing(ctx: ReducerContext): pass\n"},
    "quiet",
    None,
)


@pytest.fixture
def imports_elsewhere() -> Iterator[None]:
    enough = threading.Event()

    def go_on() -> None:
        names = [f"imported_elsewhere_{number}" for number in range(200)]
        while not enough.is_set():
            for name in names:
                sys.modules[name] = types.ModuleType(name)
            for name in names:
                del sys.modules[name]

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    thread = threading.Thread(target=go_on)
    thread.start()
    yield
    enough.set()
    thread.join()
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("imports_elsewhere")
def test_loads_while_others_import() -> None:
    for _ in range(100):
        assert [reducer.name for reducer in load(SOURCE).schema.reducers] == ["nothing"]
