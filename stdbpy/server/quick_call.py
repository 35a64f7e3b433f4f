"""One call of a reducer that does not go through HTTP parser, tasks and routes."""

from __future__ import annotations

from dataclasses import dataclass

from stdbpy.engine import Awaited, CallOutcome, Database
from stdbpy.server.traffic import DatabaseTraffic


@dataclass(frozen=True, slots=True)
class CallHead:
    """What a request's line and headers say that passed the fence and are those of a call."""

    database: str
    function: str
    token: str
    body_size: int
    rest_of_answer: bytes
    """What is the same each time after the headers that tell of the call."""


class QuickCall:
    """A call that has begun, before anybody has looked at the rest of its request."""

    __slots__ = ("database", "head", "outcome", "request", "traffic")

    def __init__(
        self,
        request: bytes,
        head: CallHead,
        database: Database,
        outcome: Awaited[CallOutcome],
        traffic: DatabaseTraffic,
    ) -> None:
        self.request = request
        self.head = head
        self.database = database
        self.outcome = outcome
        self.traffic = traffic
