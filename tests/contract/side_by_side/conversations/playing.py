"""A conversation as one server holds it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any, Self

import httpx
from websockets.exceptions import ConnectionClosed

from stdbpy.protocol.v1 import messages as m1
from stdbpy.protocol.v2 import messages as m2
from tests.contract.side_by_side.conversations.plain import Plain
from tests.contract.side_by_side.conversations.words import (
    CallProcedure,
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
from tests.contract.side_by_side.conversations.writing import Writer
from tests.contract.subject import Subject
from tests.contract.websocket import V1, V1_JSON, Wire, connected

MARKS = 1_000_000
"""The set and request of what a conversation's clients ask for their marks."""
LAST_WORD = 2_000_000
"""The request that is answered when all before has been done."""
PATIENCE = 20.0
"""Seconds until silence is what a server says."""

COMPILES_WITHIN = 400.0
"""Seconds that a server has for a program, on a busy machine."""

UPDATES = (m1.TransactionUpdate, m1.TransactionUpdateLight, m2.TransactionUpdate)
Heard = dict[str, list[Any]]
"""What each client was told in a step: messages in their order, then refusals of calls."""


@dataclass
class Told:
    """All that can be seen of a step."""

    outcome: Any = None
    heard: Heard = field(default_factory=dict)


class Party:
    """A client. ``wire`` is ``None`` before it comes, and after it left or was cut off."""

    def __init__(self, name: str, identity: str, token: str) -> None:
        self.name = name
        self.identity = identity
        self.token = token
        self.wire: Wire | None = None
        self.connection_id = ""
        self._kept: list[Any] = []
        self._stack = ExitStack()

    @property
    def is_first(self) -> bool:
        assert self.wire is not None
        return self.wire.subprotocol in (V1, V1_JSON)

    def come(self, server: Subject, database: str, comes: Comes, mark: str) -> Any:
        """The greeting."""
        found = connected(server, database, comes.protocol, token=self.token, query=comes.query)
        self.wire = self._stack.enter_context(found)
        greeting = self.wire.next()
        self.connection_id = greeting.connection_id.hex()
        query = f"SELECT * FROM {mark}"
        if self.is_first:
            self.wire.ask(m1.SubscribeMulti([query], MARKS, m1.QueryId(MARKS)))
        else:
            self.wire.ask(m2.Subscribe(MARKS, MARKS, [query]))
        return greeting

    def leave(self) -> None:
        self._stack.close()
        self.wire = None
        self._kept.clear()

    def ask_last(self) -> None:
        """What is answered after all that was said before has been done."""
        assert self.wire is not None
        query = "SELECT * FROM st_table WHERE table_id = 0"
        if self.is_first:
            self.wire.send(m1.OneOffQuery(LAST_WORD.to_bytes(4, "little"), query))
        else:
            self.wire.send(m2.OneOffQuery(LAST_WORD, query))

    def wait_for_last(self, procedures: int) -> None:
        """Keeps what is told until then."""
        waiting = procedures + 1
        while waiting and self.wire is not None:
            try:
                message = self.wire.next()
            except ConnectionClosed as ended:
                self._kept.append(ended)
                return
            except TimeoutError as silence:
                self._kept.append(silence)
                return
            if self._is_last(message):
                waiting -= 1
                continue
            waiting -= isinstance(message, (m1.ProcedureResult, m2.ProcedureResult))
            self._kept.append(message)

    def until(self, mark: str) -> Iterator[Any]:
        """All that is told before the row ``mark`` comes."""
        yield from self._kept
        ended = bool(self._kept) and isinstance(self._kept[-1], Exception)
        self._kept.clear()
        while not ended and self.wire is not None:
            try:
                message = self.wire.next()
            except (ConnectionClosed, TimeoutError) as last:
                yield last
                return
            if isinstance(message, UPDATES) and mark in str(message):
                return
            yield message

    def _is_last(self, message: Any) -> bool:
        match message:
            case m1.OneOffQueryResponse(message_id=number):
                return int.from_bytes(number, "little") == LAST_WORD
            case m2.OneOffQueryResult(request_id=number):
                return number == LAST_WORD
        return False


class Conversation:
    """On one server, with a database of its own."""

    def __init__(self, server: Subject, world: World, programs: Sequence[bytes], database: str) -> None:
        self._server = server
        self._world = world
        self._programs = programs
        self._database = database
        self._plain = Plain()
        self._marks = itertools.count(1)
        self._version = 0
        self._parties: dict[str, Party] = {}

    def __enter__(self) -> Self:
        answer = self._put("")
        assert answer.is_success, answer.text
        for name in CLIENTS:
            party = self._parties[name] = Party(name, *self._server.new_token())
            self._plain.names[party.identity] = f"identity of {name}"
        self._plain.names[self._server.identity] = "owner"
        with self._server.client() as api:
            identities = {name: party.identity for name, party in self._parties.items()}
            self._writer = Writer(api.schema(self._database), identities)
        return self

    def __exit__(self, *_: object) -> None:
        for party in self._parties.values():
            party.leave()

    def does(self, step: Step) -> Told:
        """What it brings, after all that follows from it has been told."""
        told = Told()
        match step:
            case Comes(who):
                party = self._parties[who]
                party.leave()
                greeting = party.come(self._server, self._database, step, self._world.mark)
                self._plain.names[self._parties[who].connection_id] = f"connection of {who}"
                told.outcome = self._plain.message(greeting)
            case Leaves(who):
                self._parties[who].leave()
                self._wait_for_ends()
            case Executes(statement):
                answer = self._server.sql(self._database, statement)
                told.outcome = answer.status_code, answer.json()[0]["stats"] if answer.is_success else None
            case Publishes(number, query):
                told.outcome = self._publish(number, query)
            case Says(who, words):
                self._say(self._parties[who], words)
        told.heard = self._heard(is_update=isinstance(step, Publishes))
        return told

    def _publish(self, number: int, query: str) -> int:
        """A later program than the one that is there, or the same one again."""
        self._version = min(len(self._programs) - 1, max(self._version, number))
        if "policy" in query:
            path, program = f"/v1/database/{self._database}/pre_publish", self._programs[self._version]
            plan = self._server.ask("POST", path, content=program, timeout=COMPILES_WITHIN).json()
            query += f"&token={next(iter(plan.values()))['token']}"
        return self._put(query).status_code

    def _put(self, query: str) -> httpx.Response:
        program = self._programs[self._version]
        return self._server.ask(
            "PUT", f"/v1/database/{self._database}{query}", content=program, timeout=COMPILES_WITHIN
        )

    def _say(self, party: Party, words: Iterable[Word]) -> None:
        if party.wire is None:
            return
        procedures = 0
        messages = []
        for word in words:
            messages.append(self._writer.message(word, party.wire.subprotocol))
            procedures += isinstance(word, CallProcedure)
        try:
            for message in messages:
                if isinstance(message, Nonsense):
                    party.wire.connection.send(message.data)
                else:
                    party.wire.send(message)
            party.ask_last()
        except ConnectionClosed:
            pass
        party.wait_for_last(procedures)

    def _wait_for_ends(self) -> None:
        """Until the module knows which clients have gone."""
        for party in self._parties.values():
            if party.wire is None and party.connection_id:
                text = f"SELECT * FROM st_client WHERE connection_id = {int(party.connection_id, 16)}"
                deadline = monotonic() + PATIENCE
                while self._server.rows(self._database, text) and monotonic() < deadline:
                    sleep(0.01)
                party.connection_id = ""

    def _heard(self, *, is_update: bool) -> Heard:
        mark = next(self._marks)
        answer = self._server.sql(self._database, f"INSERT INTO {self._world.mark} (n) VALUES ({mark})")
        assert answer.is_success, answer.text
        heard: Heard = {}
        for party in self._parties.values():
            if party.wire is not None:
                messages = list(party.until(f"'{self._world.mark}'"))
                if is_update:
                    # What clients are told that an update ends is chance: others that it ends may go before them.
                    messages = messages[-1:] if messages and isinstance(messages[-1], ConnectionClosed) else messages
                heard[party.name] = self._ordered(party, messages)
        self._wait_for_ends()
        return heard

    def _ordered(self, party: Party, messages: list[Any]) -> list[Any]:
        found: list[Any] = []
        apart: list[str] = []
        for message in messages:
            if isinstance(message, Exception):
                party.leave()
                found.append(_ending(message))
            elif _is_refusal(message):
                apart.append(json.dumps(self._plain.message(message), sort_keys=True))
            else:
                found.append(self._plain.message(message))
        return found + [json.loads(text) for text in sorted(apart)]


def _is_refusal(message: Any) -> bool:
    """Whether it tells of a call that was not made: the real server says that before it answers earlier requests, a
    listed difference."""
    match message:
        case m1.TransactionUpdate(status=m1.Failed()) | m2.ReducerResult(result=m2.ReducerInternalError()):
            return True
    return False


def _ending(exception: Exception) -> str:
    """A frame that is no message ends in 1011 here, and in 1006 at times there: a listed difference."""
    if not isinstance(exception, ConnectionClosed):
        return "silence"
    code = exception.rcvd.code if exception.rcvd is not None else 1006
    return f"closed with {'1011 or 1006' if code in (1006, 1011) else code}"
