"""A conversation with two servers at once, up to where they differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.contract.side_by_side.conversations.playing import Conversation, Told
from tests.contract.side_by_side.conversations.scripts import script
from tests.contract.side_by_side.conversations.words import Step
from tests.contract.side_by_side.conversations.worlds import WORLDS
from tests.contract.subject import Subject, fresh_name

BEFORE = 3
"""Steps that are shown before the one at which servers differ."""


@dataclass
class Compared:
    """Up to the first step at which the servers differ, or to the end."""

    world: str
    seed: int
    steps: list[Step]
    told: list[tuple[Told, Told]]
    """What the embedded server and the real one told at each step."""
    database: str = ""

    @property
    def differs(self) -> bool:
        return bool(self.told) and self.told[-1][0] != self.told[-1][1]

    def kinds(self) -> Counter[str]:
        """What the real server said, by kinds of messages."""
        return Counter(
            next(iter(message)) if isinstance(message, dict) else str(message)
            for _, real in self.told
            for messages in real.heard.values()
            for message in messages
        )

    def __str__(self) -> str:
        number = len(self.told) - 1
        again = f"python -m {__package__} --world {self.world} --seeds {self.seed} --steps {number + 1}"
        lines = [f"the servers differ at step {number} of seed {self.seed}; again: {again}"]
        for before in range(max(0, number - BEFORE), number):
            lines.append(f"step {before}: {self.steps[before]}")
            lines += [f"    both     {line}" for line in _lines(self.told[before][1])]
        embedded, real = (list(_lines(told)) for told in self.told[number])
        lines.append(f"step {number}: {self.steps[number]}")
        lines += [f"    both     {line}" for line in real if line in embedded]
        lines += [f"    embedded {line}" for line in _left(embedded, real)]
        lines += [f"    real     {line}" for line in _left(real, embedded)]
        if sorted(embedded) == sorted(real):
            lines += ["    in another order:", *(f"    embedded {line}" for line in embedded)]
        return "\n".join(lines)


def _lines(told: Told) -> Iterator[str]:
    if told.outcome is not None:
        yield f"outcome {json.dumps(told.outcome)}"
    for who, messages in told.heard.items():
        for message in messages:
            yield f"{who} hears {json.dumps(message)}"


def _left(lines: list[str], others: list[str]) -> list[str]:
    return list((Counter(lines) - Counter(others)).elements())


def compare(embedded: Subject, real: Subject, world: str, programs: Sequence[bytes], seed: int, steps: int) -> Compared:
    """Ends at the first difference: what comes after it would follow from it."""
    compared = Compared(world, seed, script(seed, WORLDS[world], steps), [])
    with ExitStack() as stack:
        name = fresh_name(f"talk-{seed}")
        both = [stack.enter_context(Conversation(server, WORLDS[world], programs, name)) for server in (embedded, real)]
        for step in compared.steps:
            ours, theirs = (conversation.does(step) for conversation in both)
            compared.told.append((ours, theirs))
            if compared.differs:
                break
    return compared
