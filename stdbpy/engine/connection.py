"""A client that stays connected to a database, as whoever serves the client uses it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import perf_counter_ns

from stdbpy.engine.instance import Instance
from stdbpy.engine.procedures.procedures import Procedures
from stdbpy.engine.refused_calls import note_misfit
from stdbpy.engine.results import ProcedureOutcome
from stdbpy.engine.subscriptions.events import (
    CalledFunction,
    CallEnded,
    CallRefused,
    Ended,
    EndReason,
    ProcedureEnded,
    QueryAnswered,
    Request,
    SetId,
)
from stdbpy.engine.subscriptions.subscriber import Subscriber
from stdbpy.engine.subscriptions.subscriptions import RunningCall, sentence
from stdbpy.engine.worker import Worker
from stdbpy.errors import InvalidArguments, SqlError, StdbError
from stdbpy.schema.model import ModuleSchema

Arguments = bytes | Callable[[ModuleSchema], bytes]
"""A function's arguments in BSATN, or what makes them for the module that runs when the call's turn comes,
and raises ``InvalidArguments``."""

log = logging.getLogger("stdbpy.engine")


class DatabaseConnection:
    """What a client asks for is done in order; the answers are events in its mailbox, with the ``request``
    that was given here. Any thread may use it, nothing waits, and nothing is raised: when the database is
    gone, the last event says so.

    :meth:`Database.connect <stdbpy.engine.database.Database.connect>` makes these.
    """

    def __init__(self, subscriber: Subscriber, instance: Instance, worker: Worker, procedures: Procedures) -> None:
        self._subscriber = subscriber
        self._instance = instance
        self._worker = worker
        self._procedures = procedures
        self._has_left = False

    def subscribe(self, request: Request, set_id: SetId, queries: Sequence[str], *, all_rows: bool = False) -> None:
        """Answered by ``Subscribed`` or ``SubscriptionFailed``. A set of that name that is there already goes
        on: the failure is the request's. A client that knows no sets is told the rows of queries that it has
        in other ones only with ``all_rows``, which is for one query of one table."""
        self._submit(self._subscribe, request, set_id, queries, all_rows)

    def subscribe_batch(self, request: Request, sets: Sequence[tuple[SetId, Sequence[str]]]) -> None:
        """Subscribes to several sets of queries at one moment. Answered by ``BatchSubscribed``."""
        self._submit(self._subscribe_batch, request, sets)

    def replace_subscription(self, request: Request, queries: Sequence[str]) -> None:
        """Makes ``queries`` the client's one set without a name. Answered as :meth:`subscribe`."""
        self._submit(self._replace_subscription, request, queries)

    def unsubscribe(self, request: Request, set_id: SetId, *, with_rows: bool) -> None:
        """Answered by ``Unsubscribed``, with the rows that the client does not have any more if it wants to
        know, or ``SubscriptionFailed``."""
        self._submit(self._unsubscribe, request, set_id, with_rows)

    def query(self, request: Request, text: str) -> None:
        """Answered by ``QueryAnswered``."""
        self._submit(self._query, request, text)

    def call(self, request: Request, reducer: str, args: Arguments, *, wants_answer: bool = True) -> None:
        """Answered by ``CallEnded`` or ``CallRefused``. Without ``wants_answer`` it is answered only if it
        is refused, and what it changes is told as what others change."""
        self._submit(self._call, request, reducer, args, wants_answer)

    def call_procedure(self, request: Request, procedure: str, args: Arguments) -> None:
        """Answered by ``ProcedureEnded`` when it has ended; what is asked for later does not wait for that."""
        self._submit(self._call_procedure, request, procedure, args)

    def refuse(self, detail: str) -> None:
        """Ends the connection when all that was asked for before has been answered."""
        self._submit(self._refuse, detail)

    def settled(self) -> Future[None]:
        """Done when all that was asked for before has been done."""
        return self._worker.submit(_nothing)

    def close(self) -> Future[None]:
        """The client is gone; what it asked for before is done all the same. The future is done when the
        module knows."""
        return self._worker.submit(self._close)

    # --- on the database's thread ------------------------------------------------------------

    def _submit(self, function: Callable[..., None], *args: object) -> None:
        self._worker.post(self._guarded, function, args)

    def _guarded(self, function: Callable[..., None], args: tuple[object, ...]) -> None:
        try:
            function(*args)
        except Exception:
            log.exception("What a client of database %s asked for failed", self._instance.identity)
            self._subscriber.end(Ended(EndReason.BUG))

    def _subscribe(self, request: Request, set_id: SetId, queries: Sequence[str], all_rows: bool) -> None:
        instance, subscriber = self._instance, self._subscriber
        instance.subscriptions.subscribe(subscriber, request, set_id, queries, instance.store, all_rows=all_rows)

    def _subscribe_batch(self, request: Request, sets: Sequence[tuple[SetId, Sequence[str]]]) -> None:
        instance = self._instance
        instance.subscriptions.subscribe_batch(self._subscriber, request, sets, instance.store)

    def _replace_subscription(self, request: Request, queries: Sequence[str]) -> None:
        instance = self._instance
        instance.subscriptions.replace(self._subscriber, request, queries, instance.store)

    def _unsubscribe(self, request: Request, set_id: SetId, with_rows: bool) -> None:
        instance = self._instance
        instance.subscriptions.unsubscribe(self._subscriber, request, set_id, instance.store, with_rows=with_rows)

    def _query(self, request: Request, text: str) -> None:
        subscriptions, started = self._instance.subscriptions, perf_counter_ns()
        rows, error = None, None
        try:
            rows = subscriptions.query(self._subscriber, text, self._instance.store)
        except SqlError as refusal:
            error = sentence(refusal)
        micros = (perf_counter_ns() - started) // 1000
        subscriptions.tell(self._subscriber, QueryAnswered(request, rows, error, micros))

    def _call(self, request: Request, reducer: str, args: Arguments, wants_answer: bool) -> None:
        instance, subscriber = self._instance, self._subscriber
        subscriptions = instance.subscriptions
        number = instance.reducer_number(reducer)
        encoded = b""
        try:
            encoded = self._encoded(reducer, args)
            with RunningCall(subscriptions, subscriber, request, wants_answer=wants_answer) as call:
                outcome = instance.call(reducer, encoded, subscriber.caller)
        except StdbError as refusal:
            function = CalledFunction(reducer, number, encoded)
            subscriptions.tell(subscriber, CallRefused(request, function, sentence(refusal), instance.clock()))
            return
        if wants_answer:
            function = CalledFunction(reducer, number, encoded)
            subscriptions.tell(subscriber, CallEnded(request, function, outcome, call.updates))

    def _encoded(self, function: str, args: Arguments) -> bytes:
        """Raises ``InvalidArguments``, having told the log."""
        if isinstance(args, bytes):
            return args
        try:
            return args(self._instance.schema)
        except InvalidArguments as mismatch:
            note_misfit(self._instance.logs, function, mismatch)
            raise

    def _call_procedure(self, request: Request, procedure: str, args: Arguments) -> None:
        instance = self._instance
        try:
            encoded = self._encoded(procedure, args)
            call = instance.procedure_call(procedure, encoded, self._subscriber.caller)
        except StdbError as refusal:
            self._procedure_ended(request, ProcedureOutcome(None, refusal.message))
            return

        def tell(running: Future[ProcedureOutcome]) -> None:
            error = running.exception()
            outcome = running.result() if error is None else ProcedureOutcome(None, str(error))
            self._submit(self._procedure_ended, request, outcome)

        self._procedures.call(call).add_done_callback(tell)

    def _procedure_ended(self, request: Request, outcome: ProcedureOutcome) -> None:
        if self._has_left:
            return
        self._instance.subscriptions.tell(self._subscriber, ProcedureEnded(request, outcome))

    def _refuse(self, detail: str) -> None:
        self._instance.subscriptions.tell(self._subscriber, Ended(EndReason.REFUSED, detail))
        self._subscriber.has_ended = True

    def _close(self) -> None:
        self._has_left = True
        self._instance.subscriptions.remove(self._subscriber)
        self._instance.disconnected(self._subscriber.caller)


def _nothing() -> None:
    """All that was asked for before has been done."""
