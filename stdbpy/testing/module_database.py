"""A database in this process that runs a module, for one test."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack, overload

from stdbpy.api import LogRecord
from stdbpy.api.logs import LogReader
from stdbpy.client import Connection
from stdbpy.client.options import SyncConnectOptions
from stdbpy.engine import deployment
from stdbpy.engine.database import Database
from stdbpy.engine.instance import Instance
from stdbpy.engine.logs import SYSTEM, LogStore
from stdbpy.engine.names import identity_from_claims
from stdbpy.engine.outboxes.messages import Message, Outcome
from stdbpy.engine.outboxes.records import applied_up_to
from stdbpy.engine.programs import program_hash
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.update_plan import Agreement
from stdbpy.errors import EngineError, InitFailed, ReducerCrashed
from stdbpy.module.http import GivenHeaders, HttpResponse
from stdbpy.sats.values import ConnectionId, Identity, TimeDuration, Timestamp
from stdbpy.schema.environment import EnvironmentUpdate
from stdbpy.testing.clock import FrozenClock
from stdbpy.testing.database_identities import database_identity
from stdbpy.testing.dump import rows_as_lines, write_log, write_rows
from stdbpy.testing.http_calls import send_to_handler
from stdbpy.testing.observed import AnswerHttp, Bug, ObservedCode, ObservedInstance, Observer, in_one_line
from stdbpy.testing.refusals import Refusal, expecting_refusal
from stdbpy.testing.sent_calls import SentCall, SentCalls
from stdbpy.testing.serving import NAME, Serving
from stdbpy.testing.table_rows import TableRows, TablesByName
from stdbpy.testing.timekeeping import PATIENCE, Timekeeper
from stdbpy.testing.unchanged import Snapshot
from stdbpy.testing.users import CalledDatabase, User

if TYPE_CHECKING:
    from stdbpy.testing.loaded_module import Module

T = TypeVar("T")
Row = TypeVar("Row")
C = TypeVar("C", bound=Connection)

_NO_VALUES: Mapping[str, str] = {}

_ISSUER = "localhost"
_OWNER = "owner"
"""Subject of the identity of whoever publishes a database."""


class ModuleDatabase:
    """A database in memory, whose owner the test is. :meth:`Module.database` makes it.

    Reducers and procedures are methods, as in a client: ``db.reducers.send_message("hi")`` calls as the owner,
    ``db.as_("alice").reducers.send_message("hi")`` as Alice. What a reducer refuses raises ``ReducerFailed``; a bug
    in it raises ``ReducerCrashed`` from the error that it is, with its traceback.

    The clock stands still. What is scheduled runs when the test puts it forward (:meth:`advance`).
    """

    module: Module
    """What it runs."""
    owner: User
    """Whoever published the database: who may call private reducers and see private tables with SQL."""

    def __init__(self, module: Module, *, time: Timestamp, seed: str, environment: Mapping[str, str]) -> None:
        self.module = module
        self._clock = FrozenClock(time)
        self._observer = Observer(self._clock, seed)
        self._connections = count(1)
        self._sent = SentCalls()
        self._until_closed = ExitStack()
        self._logs = LogStore(clock=self._clock)
        owner = identity_from_claims(_ISSUER, _OWNER)
        identity = self._until_closed.enter_context(database_identity(_ISSUER))
        instance = ObservedInstance(identity, owner, self._logs, self._clock)
        self._database = self._made(instance, EnvironmentUpdate(environment))
        self._time = Timekeeper(self._database, instance, self._clock)
        self._serving = Serving(self._database, self._clock)
        self._until_closed.callback(self._serving.close)
        self._until_closed.callback(self._observer.end)
        self._use(module)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.module.name}>"

    def _made(self, instance: ObservedInstance, environment: EnvironmentUpdate) -> Database:
        program, code = self.module.program, ObservedCode(self.module.code, self._observer)

        def start(instance: Instance) -> None:
            deployment.create(instance, program, code, environment)

        database = Database(
            instance,
            start,
            host_type=code.host_type,
            program_hash=program_hash(program),
            names=lambda _: [NAME],
            allow_loopback_http=True,
            deliver=self._sent.deliver,
        )
        self._until_closed.callback(database.close, PATIENCE)
        failure = database.failure()
        if failure is not None:
            self._until_closed.close()
            if isinstance(failure, InitFailed) and self.bugs:
                bug = self.bugs.pop().error
                raise InitFailed(f"the module's init reducer has a bug: {in_one_line(bug)}") from bug
            raise failure
        return database

    # --- who calls ---------------------------------------------------------------------------

    @property
    def identity(self) -> Identity:
        """The database's own, which no other one has that is open."""
        return self._database.identity

    def as_(self, who: str | Identity, *, claims: Mapping[str, Any] | None = None) -> User:
        """Somebody who calls, on a connection of their own.

        The same name is always the same identity: that of the claims ``iss`` (``localhost``) and ``sub`` (the name),
        which ``claims`` can replace, and add others to. They are what ``ctx.sender_auth.jwt`` shows. An identity
        alone has no token, unless claims are given.
        """
        payload: dict[str, Any] | None = None
        if isinstance(who, str):
            payload = {"iss": _ISSUER, "sub": who, "aud": ["spacetimedb"], **(claims or {})}
            identity = identity_from_claims(str(payload["iss"]), str(payload["sub"]))
        else:
            identity, payload = who, dict(claims) if claims is not None else None
        if payload is not None:
            payload["hex_identity"] = identity.hex()
        name = who if isinstance(who, str) else identity.hex()
        connection = ConnectionId.from_int(next(self._connections))
        called = CalledDatabase(self._database, self.module, self._observer, self._time)
        return User(called, identity, connection, name=name, claims=payload)

    @property
    def reducers(self) -> Any:
        """The reducers as methods that the owner calls."""
        return self.owner.reducers

    @property
    def procedures(self) -> Any:
        """The procedures as methods that the owner calls."""
        return self.owner.procedures

    def call(self, function: str, *args: object, **named: object) -> Any:
        """Calls a reducer or procedure by its name, as the owner. See :meth:`User.call`."""
        __tracebackhide__ = True
        return self.owner.call(function, *args, **named)

    def sql(self, text: str) -> list[dict[str, Any]]:
        """The rows that an SQL statement gives the owner, by column. Raises ``SqlError``."""
        __tracebackhide__ = True
        return self.owner.sql(text)

    # --- updates -----------------------------------------------------------------------------

    def update(self, module: Module, *, environment: Mapping[str, str] = _NO_VALUES) -> None:
        """Publishes another version of the module, whose tables take over the rows as far as the rules of migrations
        let them; ``environment`` has the values that are set with it. Raises ``MigrationRefused`` and
        ``EnvironmentRefused``; then nothing has changed. Users, and :attr:`tables`, that a test has from before are of
        the former version."""
        __tracebackhide__ = True
        code = ObservedCode(module.code, self._observer)
        update = EnvironmentUpdate(environment)
        self._database.update(module.program, code, Agreement(), update).result(PATIENCE)
        self._use(module)

    def set_environment(self, values: Mapping[str, str]) -> None:
        """Makes these the values of the environment, and there are no others. Raises ``EnvironmentRefused``; then
        nothing has changed."""
        __tracebackhide__ = True
        self._database.update_environment(EnvironmentUpdate(values, removes_all=True)).result(PATIENCE)
        self.raise_bugs()

    def _use(self, module: Module) -> None:
        self.module = module
        self.owner = self.as_(_OWNER)

    # --- rows --------------------------------------------------------------------------------

    @property
    def tables(self) -> TablesByName:
        """All tables, private ones too, and views as the owner sees them: ``db.tables.person`` is a
        :class:`TableRows`."""
        return TablesByName(self.module.catalog, self.transact, self.owner.identity)

    @overload
    def rows(self, table: type[Row]) -> list[Row]: ...
    @overload
    def rows(self, table: str) -> list[Any]: ...
    def rows(self, table: type[Row] | str) -> list[Row]:
        """All rows of a table, private or not, or those that a view gives the owner; by its name or by the class of
        its rows. Raises ``NoSuchTable``."""
        __tracebackhide__ = True
        return self.tables.of(table).all()

    @overload
    def table(self, table: type[Row]) -> TableRows[Row]: ...
    @overload
    def table(self, table: str) -> TableRows[Any]: ...
    def table(self, table: type[Row] | str) -> TableRows[Row]:
        """A table by its name, or by the class of its rows, by which type checkers know them."""
        __tracebackhide__ = True
        return self.tables.of(table)

    def transact(self, function: Callable[[Transaction], T]) -> T:
        """Runs ``function`` with a transaction of the engine, which is undone if it raises."""
        return self._database.transact(function).result(PATIENCE)

    @contextmanager
    def unchanged(self) -> Generator[None, None, None]:
        """Fails (``AssertionError``) if the block changes rows of any table, and says which."""
        __tracebackhide__ = True
        before = Snapshot.of(self.tables)
        yield
        before.expect_same_in(self.tables)

    @contextmanager
    def refused(self, match: str | None = None) -> Generator[Refusal, None, None]:
        """Fails unless a reducer refuses in the block, with a message in which the pattern ``match`` is found, and
        all tables are what they were before.

        >>> with db.refused("needs a name") as refusal:
        ...     db.reducers.add(" ")
        """
        __tracebackhide__ = True
        with self.unchanged(), expecting_refusal(match) as refusal:
            yield refusal

    # --- time --------------------------------------------------------------------------------

    @property
    def time(self) -> Timestamp:
        """What the clock shows. When it has been set, what is due runs together with whatever the database does
        next; :meth:`run_due` is that alone."""
        return self._clock()

    @time.setter
    def time(self, moment: Timestamp) -> None:
        self._clock.set(moment)

    def advance(self, by: float | timedelta | TimeDuration) -> None:
        """Puts the clock forward, by seconds or a span, and runs what falls due meanwhile, each at its time.

        Procedures that sleep are woken, and have ended or gone to sleep again when this returns. A bug in what ran
        raises ``ReducerCrashed`` from it; what a scheduled reducer refuses is in the log alone. Raises ``ValueError``
        for a span below 0.
        """
        __tracebackhide__ = True
        if not isinstance(by, int | float | timedelta | TimeDuration):
            raise TypeError(f"advance takes seconds or a timedelta, not {by!r}: advance(timedelta(hours=1))")
        if isinstance(by, TimeDuration):
            micros = int(by)
        else:
            micros = (by if isinstance(by, timedelta) else timedelta(seconds=by)) // timedelta(microseconds=1)
        if micros < 0:
            raise ValueError(f"advance puts the clock forward only, not by {by!r}: set .time to put it back")
        self._time.advance(self.time + micros)
        self.raise_bugs()

    def run_due(self) -> None:
        """Runs the schedules that are due by the clock, once each. Raises as :meth:`advance`."""
        __tracebackhide__ = True
        self._time.run_due()
        self.raise_bugs()

    # --- what happened -----------------------------------------------------------------------

    @property
    def logs(self) -> list[LogRecord]:
        """The lines of the log so far: what the module logged and printed, what the database says, and tracebacks."""
        text = "".join(f"{line}\n" for line in self._logs.tail())
        return list(LogReader().feed(text.encode()))

    @property
    def messages(self) -> list[str]:
        """What the module has logged and printed, without what the database itself says."""
        return [record.message for record in self.logs if record.target != SYSTEM]

    @property
    def bugs(self) -> list[Bug]:
        """The bugs that nobody was told of: in schedules, views, and what clients called over a websocket. Closing
        the database raises the first; a test that expects them takes them out of the list."""
        return self._observer.bugs

    def raise_bugs(self) -> None:
        """Raises the first of :attr:`bugs`, if there is one, as ``ReducerCrashed``; then they are forgotten."""
        __tracebackhide__ = True
        self._observer.raise_bugs()

    # --- the world outside -------------------------------------------------------------------

    def answer_http(self, answer: AnswerHttp | None) -> None:
        """Has a function answer the HTTP requests of procedures instead of the network: it is given an
        ``HttpRequest`` and returns an ``HttpResponse``, or raises ``OSError`` for one that nobody answers."""
        self._observer.answer_http = answer

    def http(self, method: str, path: str, body: bytes | str = b"", *, headers: GivenHeaders = ()) -> HttpResponse:
        """Sends an HTTP request to the module's handlers: ``db.http("GET", "/hello")``. 404 if no route leads to
        one. A bug in it raises ``ReducerCrashed`` from its error."""
        __tracebackhide__ = True
        try:
            return send_to_handler(self._database, self._time.outcome_of, method, path, body, headers)
        except EngineError as error:
            self.raise_bugs()
            raise ReducerCrashed(error.message) from None

    @property
    def sent(self) -> list[SentCall]:
        """The calls of reducers in other databases that rows of outboxes are, in order, as long as the test has not
        said what became of them. Of those from one outbox to one database the next one is sent then."""
        return self._sent.waiting(self)

    def receive(self, message: Message) -> Outcome:
        """Carries out what another database has sent, as the next one from there: :meth:`SentCall.deliver_to`."""
        done = self.transact(lambda transaction: applied_up_to(transaction, message.sender, message.stream))
        return self._database.receive(message._replace(sequence=done + 1, settled=done)).result(PATIENCE)

    @property
    def url(self) -> str:
        """The address of a server in this process that has the database; it runs from now on."""
        return self._serving.server.url

    @property
    def name(self) -> str:
        """What the server at :attr:`url` calls the database."""
        return NAME

    @overload
    def connect(self, *, as_: User | str | None = None, **options: Unpack[SyncConnectOptions]) -> Connection: ...
    @overload
    def connect(
        self, client: type[C], *, as_: User | str | None = None, **options: Unpack[SyncConnectOptions]
    ) -> C: ...
    def connect(
        self,
        client: type[Connection] = Connection,
        *,
        as_: User | str | None = None,
        **options: Unpack[SyncConnectOptions],
    ) -> Connection:
        """A real client over a websocket: of a generated class, or one that needs no generated code.

        It acts as a user, or the one of that name; else as somebody new. ``options`` are those of
        :func:`stdbpy.client.connect`. It is closed with the database, if the test has not done it.
        """
        if as_ is not None:
            options = {"token": self.token(as_), **options}
        if client is Connection:
            client = self.module.connection_class
        connection = client.connect(self.url, self.name, **options)
        self._until_closed.callback(connection.close)
        return connection

    def token(self, user: User | str) -> str:
        """A token of the user, which the server at :attr:`url` takes. Raises ``UsageError`` for an identity without
        claims, or with those of somebody else, and for claims of another issuer."""
        whose = self.as_(user) if isinstance(user, str) else user
        return self._serving.token(whose.identity, whose.claims)

    # --- ending ------------------------------------------------------------------------------

    def dump(self, folder: Path) -> None:
        """Writes what is in the database into a folder: a file of JSON lines for each table that has rows, and
        ``log.txt``."""
        for table in self.tables:
            write_rows(table.layout.name, rows_as_lines(table.layout, table), folder)
        write_log(self.logs, folder)

    def close(self) -> None:
        """Ends the database, and its clients. Raises the first of the bugs that nobody was told of."""
        __tracebackhide__ = True
        self._until_closed.close()
        self.raise_bugs()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if error is not None:
            self.bugs.clear()
        self.close()
