"""Programs that are built do in WebAssembly what the native host does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from stdbpy.engine.host import ModuleCode
from stdbpy.engine.programs import load_program
from stdbpy.module.package import ModuleSource
from stdbpy.wasm.abi import AbiLevel
from stdbpy.wasm.build import build_wasm
from tests.engine.sample import program
from tests.wasm.guest.cases import HEAD, TABLES, Cases, Ran, Same, run

# wasmtime takes many seconds to compile a program.
pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, int], bytes]:
    cache = tmp_path_factory.mktemp("cache")
    programs: dict[tuple[str, int], bytes] = {}

    def built(source: str, level: int) -> bytes:
        if (source, level) not in programs:
            files = {"sample.py": (HEAD + source).encode()}
            made = build_wasm(ModuleSource(files, "sample"), abi=AbiLevel(level), cache=cache)
            programs[source, level] = made.program
        return programs[source, level]

    return built


@pytest.fixture(autouse=True, scope="module")
def compiled_once() -> Iterator[None]:
    """Programs that were compiled are used again by all engines."""
    compiled: dict[bytes, ModuleCode] = {}

    def load(program: bytes, *options: Any, **more: Any) -> ModuleCode:
        if program not in compiled:
            compiled[program] = load_program(program, *options, **more)
        return compiled[program]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("stdbpy.engine.engine.load_program", load)
        yield


@pytest.fixture
def same(built: Callable[[str, int], bytes]) -> Same:
    def same(steps: Callable[[Any], Any], source: str = TABLES, levels: tuple[int, ...] = (0, 6)) -> Ran:
        native = run(steps, program(source, head=HEAD))
        for level in {min(levels), max(levels)}:
            assert run(steps, built(source, level)) == native, f"level {AbiLevel(level)}"
        return native

    return same


class TestInWasm(Cases):
    pass
