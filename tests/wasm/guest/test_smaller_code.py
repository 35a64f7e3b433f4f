"""Code made smaller: it does the same, and its tracebacks name the same lines."""

from __future__ import annotations

import marshal
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import pytest

from stdbpy.wasm.guest.smaller_code import smaller

SOURCES = sorted(Path(__file__).parents[3].glob("stdbpy/**/*.py"))[::9]


def parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from parts(each)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_instruction_keeps_its_line(path: Path) -> None:
    code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)

    for before, after in zip(parts(code), parts(smaller(code)), strict=True):
        assert list(after.co_lines()) == list(before.co_lines())
        assert after.co_code == before.co_code
        assert len(after.co_linetable) <= len(before.co_linetable)


def test_lines_that_are_far_apart_and_long_expressions() -> None:
    source = (
        "def f(x):\n"
        + "\n" * 5000
        + "    return (x +\n"
        + "\n" * 70
        + "".join(f" {i} +" for i in range(300))
        + " 1 / 0)\n"
    )
    names: dict[str, object] = {}
    code = smaller(compile(source, "far.py", "exec"))
    exec(code, names)

    with pytest.raises(ZeroDivisionError) as error:
        names["f"](1)
    assert error.traceback[-1].lineno + 1 == source[: source.index("1 / 0")].count("\n") + 1


def test_there_is_one_file_name() -> None:
    code = marshal.loads(marshal.dumps(compile("def f():\n    def g(): ...\n", "one.py", "exec"), 2))

    assert len({id(part.co_filename) for part in parts(smaller(code))}) == 1
