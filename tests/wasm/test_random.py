"""Python's ``random`` inside: seeded late, and each call anew, with the numbers that it has elsewhere."""

from __future__ import annotations

import random

import pytest

pytest.importorskip("wasmtime")

from tests.wasm.booted import Booted

SEED_OF_CALL = 1 ^ 1_000_000 ^ 3 << 48
"""Of the call that :class:`Booted` makes: sender, time, number."""

SEEDS = ["0", "1", "-1", "2**32 - 1", "2**32", "2**64 + 1", "2**(32 * 624) - 1", "2**(32 * 624)", "'text'", "b'bytes'"]
"""A state has 624 words of 32 bits."""


@pytest.fixture(scope="module")
def guest() -> Booted:
    booted = Booted(counts=True)
    code, result = booted.load()
    assert code == 0, result
    booted.run("import random")
    return booted


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_gives_the_same_numbers_as_elsewhere(guest: Booted, seed: str) -> None:
    drawing = (
        f"(drawing := __import__('random').Random({seed}))"
        " and [drawing.random(), drawing.getrandbits(100), drawing.randrange(10**9), drawing.gauss(0, 1)]"
    )

    assert guest.ask(drawing) == eval(drawing)


@pytest.mark.parametrize("draws", [0, 1, 700])
def test_states_are_as_elsewhere(guest: Booted, draws: int) -> None:
    drawing = random.Random(7)
    for _ in range(draws):
        drawing.getrandbits(32)

    made = f"(drawing := __import__('random').Random(7)) and [drawing.getrandbits(32) for _ in range({draws})]"

    assert guest.ask(f"({made}, drawing.getstate())[1]") == drawing.getstate()
    assert guest.ask(f"({made}, __import__('copy').copy(drawing).random())[1]") == drawing.random()


def test_a_state_is_gone_back_to(guest: Booted) -> None:
    assert guest.ask(
        "(drawing := __import__('random').Random(7)) and (state := drawing.getstate()) and drawing.random()"
        " == (drawing.seed(8), drawing.setstate(state), drawing.random())[2]"
    )


def test_each_call_begins_with_the_numbers_of_its_own_seed(guest: Booted) -> None:
    expected = random.Random(SEED_OF_CALL)

    for _ in range(2):
        first, bell = guest.ask("[(r := __import__('random')).random(), r.gauss(0, 1)]")
        assert (first, bell) == (expected.random(), expected.gauss(0, 1))
        expected.seed(SEED_OF_CALL)


def test_what_is_not_drawn_costs_nothing(guest: Booted) -> None:
    def instructions(source: str) -> int:
        before = guest.store.get_fuel()
        guest.run(source)
        return before - guest.store.get_fuel()

    instructions("pass"), instructions("random = 0")
    assert instructions("__import__('random').random()") > instructions("__import__('random').random") + 20_000


def test_without_a_seed_it_follows_from_the_call_that_draws_first(guest: Booted) -> None:
    guest.run("import random\nrandom.own = random.Random()")
    system = random.Random(SEED_OF_CALL)

    first, second = (guest.ask("__import__('random').own.random()") for _ in range(2))

    assert first != second
    assert system.random() not in (first, second)


def test_a_module_of_that_name_need_not_be_pythons(guest: Booted) -> None:
    guest.run("import sys\nsys.kept, sys.modules['random'] = sys.modules['random'], sys")
    try:
        assert guest.ask("1 + 1") == 2
    finally:
        guest.run("import sys\nsys.modules['random'] = sys.kept")
