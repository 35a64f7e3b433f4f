"""What uses up what there is ends its call, and nothing else."""

from __future__ import annotations

import pytest

from tests.hosts.town import Town, on

pytestmark = on("native", "wasm")

DEEP = (
    "functions",
    "defaults",
    "attributes",
    "generators",
    "repr",
    "equality",
    "copies",
    "JSON written",
    "JSON read",
    "pickle",
    "patterns",
)


def trails(town: Town) -> set[str]:
    return {text for [text] in town.rows("SELECT * FROM trail")}


@pytest.fixture(autouse=True)
def swept(town: Town) -> None:
    town.call("forget_trails")


@pytest.mark.parametrize("kind", DEEP)
def test_deep_recursion(town: Town, kind: str) -> None:
    assert town.refused("dig", [kind], False).startswith("RecursionError: ")
    assert trails(town) == set()
    town.call("leave_trail", "after it")
    assert trails(town) == {"after it"}


def test_deep_recursion_that_is_caught(town: Town) -> None:
    assert town.said("dig", list(DEEP), True) == [f"{kind}: RecursionError" for kind in DEEP]
    assert trails(town) == set(DEEP)


@pytest.mark.parametrize(
    "kind", ["one text", *(pytest.param(kind, marks=pytest.mark.long) for kind in ("blocks", "texts"))]
)
def test_memory_without_end(town: Town, kind: str) -> None:
    if town.runs_natively:
        pytest.skip("Python natively takes what memory there is")
    town.refused("hoard", kind, False)
    [line] = [line for line in town.lines() if line.level == "Panic"]
    assert line.where.startswith("town/trouble.py:")
    assert "MemoryError" in line.message
    assert trails(town) == set()
    town.call("leave_trail", "after it")
    assert town.said("hoard", kind, True) == [f"{kind}: there is none left"]
    assert trails(town) == {"after it", kind}


def test_what_is_left_in_globals(town: Town) -> None:
    """A bug in a reducer leaves the instance as it is; one that traps takes the globals with it."""
    town.refused("visit_again", True)
    before = town.said("visit_again", False)
    if not town.runs_natively:
        town.refused("hoard", "one text", False)
    after = town.said("visit_again", False)
    expected = {"strict": (["visit 1"], ["visit 1"]), "native": (["visit 2"], ["visit 3"])}
    assert (before, after) == expected.get(town.host, (["visit 2"], ["visit 1"]))


def test_numbers_begin_again(town: Town) -> None:
    assert town.said("use_lockers", "ann", 256) == ["0"]
    taken = "UniqueConstraintViolation: locker already has a row with the next number for number"
    assert town.refused("use_lockers", "bob", 1) == taken


def test_numbers_with_signs_begin_again(town: Town) -> None:
    numbers = [*range(1, 128), *range(-128, 1)]
    assert town.said("dig_cellars", 256) == [str(numbers)]
