"""Random conversations of several clients with both servers: each client is told the same in each step."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from tests.contract.side_by_side.conftest import Both
from tests.contract.side_by_side.conversations.comparing import compare
from tests.contract.side_by_side.conversations.playing import COMPILES_WITHIN
from tests.contract.side_by_side.conversations.worlds import WORLDS
from tests.contract.subject import Subject

pytestmark = pytest.mark.real

QUICK_STEPS, STEPS = 40, 80


def long(seeds: Iterable[int]) -> list[object]:
    return [pytest.param(seed, STEPS, marks=pytest.mark.long) for seed in seeds]


def expect_alike(both: Both, world: str, programs: Sequence[bytes], seed: int, steps: int) -> None:
    compared = compare(both.embedded, both.real, world, programs, seed, steps)
    assert not compared.differs, str(compared)
    assert len(compared.kinds()) > 5, "enough to look at"


@pytest.mark.parametrize(("seed", "steps"), [(1, QUICK_STEPS), (2, QUICK_STEPS), *long(range(3, 27))])
def test_with_the_compiled_test_module(both: Both, seed: int, steps: int):
    expect_alike(both, "sdk_test", WORLDS["sdk_test"].programs(None), seed, steps)


@pytest.fixture(scope="session")
def square(request: pytest.FixtureRequest) -> Sequence[bytes]:
    cache = request.config.cache
    assert cache is not None
    return WORLDS["square"].programs(Path(cache.mkdir("wasm")))


@pytest.mark.long
@pytest.mark.difference("the numbers of views in `st_table` after new tables")
def test_numbers_of_views(both: Both, square: Sequence[bytes]):
    """What conversations do not look at, for this."""
    database = both.publish(square[0], "numbers")
    told = []
    for server in both:
        before = _numbers(server, database)
        assert server.ask("PUT", f"/v1/database/{database}", content=square[1], timeout=COMPILES_WITHIN).is_success
        after = _numbers(server, database)
        told.append((after["big"] - before["big"], after["later"] > after["big"]))
    assert told == [(1, False), (0, True)]


def _numbers(server: Subject, database: str) -> dict[str, int]:
    return {name: number for number, name in server.rows(database, "SELECT table_id, table_name FROM st_table")}


@pytest.mark.parametrize(("seed", "steps"), long(range(1, 13)))
def test_with_views_rules_events_and_procedures(both: Both, square: Sequence[bytes], seed: int, steps: int):
    expect_alike(both, "square", square, seed, steps)
