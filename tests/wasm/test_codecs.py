"""The codecs that are built into the runtime do what the generated ones do here: values, bytes and errors."""

from __future__ import annotations

import marshal
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("wasmtime")

import stdbpy
from stdbpy.sats import types as t
from stdbpy.sats.bsatn import compile_codec
from tests.sats.strategies import TypedValue, typed_rows, typed_values
from tests.wasm import codec_outcomes
from tests.wasm.booted import ANSWERING, Booted

_FOLDER = Path(stdbpy.__file__).parent


@pytest.fixture(scope="module")
def guest() -> Booted:
    booted = Booted()
    paths = [_FOLDER / "__init__.py", _FOLDER / "errors.py", *(_FOLDER / "sats").glob("*.py")]
    outcomes = Path(codec_outcomes.__file__).read_bytes()
    files = {
        "program": (False, "source", ANSWERING.encode() + b"import outcomes\n", "src/program.py"),
        "outcomes": (False, "source", outcomes, "src/outcomes.py"),
    }
    for path in paths:
        is_package = path.name == "__init__.py"
        parts = ("stdbpy", *path.relative_to(_FOLDER).with_suffix("").parts)
        name = ".".join(parts[:-1] if is_package else parts)
        files[name] = (is_package, "source", path.read_bytes(), f"<stdbpy>/{path.name}")
    code, result = booted.step("build_load", marshal.dumps({"files": files, "entry": "program"}, 2))
    assert code == 0, result
    return booted


def expect_the_same(guest: Booted, call: str, *arguments: Any) -> None:
    packed = pickle.dumps(arguments, 4)
    here = list(getattr(codec_outcomes, call)(*arguments))
    inside = guest.run(
        "import pickle, outcomes\n"
        f"given = pickle.loads(bytes.fromhex({packed.hex()!r}))\n"
        f"answer = pickle.dumps(list(outcomes.{call}(*given)), 4).hex()"
    )
    assert [each for each in zip(here, pickle.loads(bytes.fromhex(inside)), strict=True) if each[0] != each[1]] == []


@pytest.mark.parametrize("call", ["of_classes", "of_types"])
def test_odd_values_and_bytes(guest: Booted, call: str) -> None:
    expect_the_same(guest, call)


_places = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 255)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(typed_values(finite=False), _places)
def test_any_value_and_bad_bytes(guest: Booted, case: TypedValue, places: list[tuple[int, int]]) -> None:
    expect_the_same(guest, "of_case", case.type, case.typespace, case.value, places)


@settings(max_examples=30, deadline=None)
@given(typed_rows())
def test_rows(guest: Booted, case: TypedValue) -> None:
    for row in case.value:
        expect_the_same(guest, "of_case", case.type, case.typespace, row, [])


@pytest.mark.parametrize("depth", [10, 199, 200, 201, 5_000])
@pytest.mark.parametrize("width", [0, 1])
def test_values_inside_each_other(guest: Booted, depth: int, width: int) -> None:
    expect_the_same(guest, "of_depth", depth, width)


def test_what_is_nested_deeply_does_not_end_the_instance(guest: Booted) -> None:
    type: t.AlgebraicType = t.option(t.TypeRef(0))
    for _ in range(9):
        type = t.product(("inside", type))
    packed = pickle.dumps((t.TypeRef(0), [type]), 4)

    told = guest.run(
        "import pickle, outcomes\n"
        f"codec = outcomes.compile_codec(*pickle.loads(bytes.fromhex({packed.hex()!r})))\n"
        "def deep(n): return deep(n - 1) if n else outcomes.outcome(codec.decode, bytes(100_000))\n"
        "answer = repr((outcomes.outcome(codec.decode, bytes(100_000)), deep(300)))"
    )

    assert told.count("nested too deeply") == 2
    with pytest.raises(stdbpy.errors.DecodeError, match="nested too deeply"):
        compile_codec(t.TypeRef(0), [type]).decode(bytes(100_000))
