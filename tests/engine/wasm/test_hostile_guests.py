"""Host functions that are given anything: the process goes on, and nothing of it gets into the tables."""

from __future__ import annotations

import random

from stdbpy.engine import Engine
from stdbpy.engine.host_wasm.signatures import IMPORTS
from stdbpy.engine.limits import Limits
from tests.engine.sample import OWNER, call, rows
from tests.guests import ARGS, ERROR, OUT, Data, Step, guest

TABLES = """
@table(name="person", public=True)
class Person:
    id: u64 = column(primary_key=True, auto_inc=True)
    name: str
    age: u8 = column(index="btree")


"""

CALLS = 400
END = 4 * 65536

NUMBERS = [
    0,
    1,
    2,
    3,
    7,
    255,
    4096,
    4097,
    65_535,
    65_536,
    END - 4,
    END - 1,
    END,
    END + 1,
    1 << 31,
    -8,
    -1,
    OUT,
    OUT + 4,
]


def any_step(randomness: random.Random) -> Step:
    module = randomness.choice(list(IMPORTS))
    name, letters = randomness.choice(list(IMPORTS[module].items()))
    arguments = [
        f"(i64.const {randomness.choice(NUMBERS)})"
        if letter == "I"
        else randomness.choice(
            [ERROR, ARGS, f"(i32.const {randomness.choice(NUMBERS)})", "(i32.load (i32.const 1024))"]
        )
        for letter in letters.split(":")[0]
    ]
    step = f"(call ${name} {' '.join(arguments)})"
    return step if letters.endswith(":") else f"(drop {step})"


def test_calls_with_any_numbers():
    randomness = random.Random(20_261)
    names = [f"any_{number}" for number in range(CALLS)]
    reducers = "".join(f"@reducer\ndef {name}(ctx: ReducerContext) -> None: ...\n\n\n" for name in names)
    begin: list[Step] = [("table_id_from_name", Data(b"person"), OUT)]
    steps = {name: [*begin, *(any_step(randomness) for _ in range(3))] for name in names}
    with Engine(None, limits=Limits(seconds=5)) as engine:
        engine.publish(guest(TABLES + reducers, steps, ends_with=1), owner=OWNER, name="sample")
        database = engine.database("sample")
        outcomes = {call(database, name).error for name in names}
        assert rows(database, "person") == []
    assert "The instance encountered a fatal error." in outcomes
    assert "0 " in outcomes, "some calls do nothing"
