"""A conversation that a seed stands for."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from tests.contract.side_by_side.conversations.words import (
    CallProcedure,
    CallReducer,
    Comes,
    Executes,
    Leaves,
    Nonsense,
    Publishes,
    Says,
    Step,
    Word,
)
from tests.contract.side_by_side.conversations.worlds import CLIENTS, World
from tests.contract.websocket import V1, V1_JSON, V2, V3

_FEW_IDS = 9
"""So that most are met again."""


def script(seed: int, world: World, steps: int) -> list[Step]:
    """The same steps for the same seed."""
    return list(_Script(Random(seed), world).steps(steps))


class _Script:
    def __init__(self, random: Random, world: World) -> None:
        self._random = random
        self._world = world
        self._present: dict[str, str] = {}
        """Each client's protocol."""

    def steps(self, count: int) -> Iterator[Step]:
        for who in CLIENTS[:2]:
            yield self._comes(who)
        for _ in range(count - 2):
            yield self._step()

    def _step(self) -> Step:
        random = self._random
        match random.choices(("says", "executes", "comes or leaves", "publishes"), (40, 6, 3, 0.5))[0]:
            case "executes":
                return Executes(self._world.statement(random))
            case "publishes":
                return Publishes(random.randrange(4), random.choice(("", "", "?clear=true", "?policy=BreakClients")))
            case "comes or leaves":
                who = random.choice(CLIENTS)
                if who in self._present and len(self._present) > 1:
                    del self._present[who]
                    return Leaves(who)
                return self._comes(who)
        who = random.choice(list(self._present))
        if random.random() < 0.01:
            # Alone: whether what was said before is still answered is chance.
            return Says(who, (Nonsense("{}" if self._present[who] == V1_JSON else b"\xff\xff"),))
        if random.random() < 0.07:
            # Alone: procedures run beside what is said after them.
            return Says(who, (CallProcedure(self._world.procedure(random), self._request()),))
        count = random.choice((1, 1, 1, 2, 3))
        return Says(who, tuple(self._word(self._present[who]) for _ in range(count)))

    def _comes(self, who: str) -> Comes:
        random = self._random
        self._present[who] = random.choice((V1, V1_JSON, V2, V3))
        compression = random.choice(("None", "Gzip", "Brotli"))
        light = random.choice(("", "", "&light=true", "&light=false"))
        confirmed = random.choice(("", "&confirmed=true", "&confirmed=false"))
        return Comes(who, self._present[who], f"compression={compression}{light}{confirmed}")

    def _word(self, protocol: str) -> Word:
        random = self._random
        request = self._request()
        if random.random() < 0.45:
            return CallReducer(self._world.reducer(random), request, random.choice((0, 0, 0, 1)))
        return self._first(request) if protocol in (V1, V1_JSON) else self._second(request)

    def _request(self) -> int:
        return self._random.choice((1, 2, 3, self._random.randrange(100)))

    def _queries(self, *counts: int) -> list[str]:
        return [self._world.query(self._random) for _ in range(self._random.choice(counts))]

    def _first(self, request: int) -> m1.ClientMessage:
        [query], number = self._queries(1), m1.QueryId(self._random.randrange(1, _FEW_IDS))
        match self._random.randrange(9):
            case 0:
                return m1.SubscribeSingle(query, request, number)
            case 1 | 2 | 3:
                return m1.SubscribeMulti(self._queries(0, 1, 1, 2, 3), request, number)
            case 4:
                # A query twice in one of these is listed as a difference.
                queries = [found for found in dict.fromkeys(self._queries(0, 1, 2, 3)) if not found.endswith("*")]
                return m1.Subscribe(queries, request)
            case 5:
                return m1.Unsubscribe(request, number)
            case 6 | 7:
                return m1.UnsubscribeMulti(request, number)
            case _:
                return m1.OneOffQuery(bytes([request]), query)

    def _second(self, request: int) -> m2.ClientMessage:
        number = self._random.randrange(1, _FEW_IDS)
        match self._random.randrange(9):
            case 0 | 1 | 2 | 3:
                return m2.Subscribe(request, number, self._queries(0, 1, 1, 2, 3))
            case 4 | 5 | 6:
                return m2.Unsubscribe(request, number, self._random.choice(list(m2.UnsubscribeFlags)))
            case _:
                return m2.OneOffQuery(request, *self._queries(1))
