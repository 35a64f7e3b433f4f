"""The HTTP API for synchronous programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

import httpx

from stdbpy.api import calls, databases, deletion, energy, http_handlers, logs, mcp, publishing, servers, sql
from stdbpy.api import environment as environments
from stdbpy.api.address import Address
from stdbpy.api.calls import Arguments
from stdbpy.api.exchange import Exchange, Request, Response
from stdbpy.api.results import (
    CallResult,
    DatabaseEnvironment,
    DatabaseInfo,
    Health,
    HostType,
    HttpAnswer,
    LogRecord,
    MetricsTargets,
    NewIdentity,
    PublishPlan,
    PublishResult,
    SqlResult,
)
from stdbpy.api.sql_stream import SqlPart, SqlReader
from stdbpy.api.transport import Repetition, client_settings, failure, prepared, response_of
from stdbpy.sats.values import Identity, Timestamp

if TYPE_CHECKING:
    from stdbpy.schema.environment import EnvironmentUpdate
    from stdbpy.schema.model import ModuleSchema

T = TypeVar("T")


class ApiClient:
    """One server's HTTP API, over connections that are kept open. Use it as a context manager.

    ``url`` is the server's root (``http://127.0.0.1:3000``); ``token`` proves an identity there,
    without one each request acts as a fresh anonymous identity. ``timeout`` is how many seconds without a
    sign of life end a request; without one that is a minute for questions, and calls, SQL and publishing
    take as long as they take.
    Databases are given by name or by identity in hex.

    Every method raises :class:`stdbpy.errors.ApiError` or one of its kinds: ``ServerUnreachable``,
    ``UnexpectedAnswer``, ``TokenRejected``, ``Forbidden``, ``NotFound``, ``ReducerFailed``.
    """

    def __init__(self, url: str, token: str | None = None, *, timeout: float | None = None) -> None:
        self._address = Address.parse(url)
        self._timeout = timeout
        self._repetition = Repetition()
        self._http = httpx.Client(**client_settings(self._address, token, timeout))

    @property
    def url(self) -> str:
        return self._address.url

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    # --- the server --------------------------------------------------------------------------

    def ping(self) -> None:
        """Returns if a server answers and takes the token."""
        self._run(servers.ping())

    def health(self) -> Health:
        return self._run(servers.health())

    def version(self) -> str:
        """The server's version, such as ``2.8.3``."""
        return self._run(servers.health()).version

    def metrics(self) -> str:
        """What the server measures, in the text format of Prometheus; a megabyte or so."""
        return self._run(servers.metrics())

    def metrics_targets(self) -> list[MetricsTargets]:
        """Where Prometheus finds the metrics of all servers of this cluster."""
        return self._run(servers.metrics_targets())

    def mcp(
        self, method: str, params: Mapping[str, Any] | None = None, *, database: str | None = None
    ) -> dict[str, Any]:
        """The result of a message of the Model Context Protocol, such as ``tools/list``, to the server, or to one
        database. Servers before 2.8 raise ``NotSupported``."""
        return self._run(mcp.mcp(method, params, database=database))

    # --- identities --------------------------------------------------------------------------

    def create_identity(self) -> NewIdentity:
        return self._run(servers.create_identity())

    def verify(self, identity: Identity) -> bool:
        """Whether the client's token is one of that identity."""
        return self._run(servers.verify(identity))

    def public_key(self) -> str:
        """The key that checks the server's tokens, as PEM."""
        return self._run(servers.public_key())

    def websocket_token(self) -> str:
        """A token of the same identity that is good for a minute."""
        return self._run(servers.websocket_token())

    def databases_of(self, identity: Identity) -> list[Identity]:
        """The databases that an identity owns."""
        return self._run(servers.databases_of(identity))

    def energy_of(self, identity: Identity) -> int:
        """How much energy an identity has left."""
        return self._run(energy.energy_of(identity))

    def add_energy(self, identity: Identity, amount: int) -> int:
        """Adds energy to that of the caller, which ``identity`` is; returns what there is now."""
        return self._run(energy.add_energy(identity, amount))

    # --- databases ---------------------------------------------------------------------------

    def publish(
        self,
        program: bytes,
        database: str | None = None,
        *,
        clear: bool = False,
        break_clients: bool = False,
        plan: PublishPlan | None = None,
        parent: str | None = None,
        organization: str | None = None,
        host_type: HostType | None = None,
        num_replicas: int | None = None,
        environment: EnvironmentUpdate | None = None,
    ) -> PublishResult:
        """Creates or updates a database: ``program`` is WebAssembly, or a packed Python module for
        the embedded server. Without ``database`` it gets an identity and no name; ``parent/name`` names
        its ``parent`` as well. ``clear`` deletes all data that is there. What would break clients made
        for the version before is refused, unless ``plan`` is that of :meth:`pre_publish`, which then
        must still hold, or ``break_clients`` allows it. ``parent`` and ``organization`` are names or
        identities of those that the new database belongs to. Servers that know nothing of these raise
        ``NotSupported``. ``environment`` is what becomes of the values of its environment."""
        return self._run(
            publishing.publish(
                program,
                database,
                clear=clear,
                break_clients=break_clients,
                plan=plan,
                parent=parent,
                organization=organization,
                host_type=host_type,
                num_replicas=num_replicas,
                environment=environment,
            )
        )

    def pre_publish(
        self, program: bytes, database: str, *, host_type: HostType | None = None, colour: bool = False
    ) -> PublishPlan | None:
        """What publishing ``program`` to a database would do; ``None`` if there is no such database yet.
        ``colour`` has the plan's text with ANSI colours. Servers 1.x raise ``NotSupported``."""
        return self._run(publishing.pre_publish(program, database, host_type=host_type, colour=colour))

    def reset(
        self,
        program: bytes,
        database: str,
        *,
        host_type: HostType | None = None,
        num_replicas: int | None = None,
    ) -> PublishResult:
        """Deletes all data of a database that is there and runs ``program`` in it. Servers 1.x raise
        ``NotSupported``; ``publish`` with ``clear`` does the same on any."""
        exchange = publishing.reset(program, database, host_type=host_type, num_replicas=num_replicas)
        return self._run(exchange)

    def environment(self, database: str) -> DatabaseEnvironment:
        """What the module of a database declares of its environment, and which values there are. Only the owner may
        ask. Servers before 2.14 raise ``NotSupported``."""
        return self._run(environments.environment(database))

    def environment_values(self, database: str) -> dict[str, str]:
        """The values of a database's environment, secret ones too. Otherwise as :meth:`environment`."""
        return self._run(environments.values(database))

    def set_environment(self, database: str, values: Mapping[str, str], *, module_hash: str | None = None) -> None:
        """Makes these the values of a database's environment, and there are no others. ``module_hash`` is that of
        :meth:`environment`: the update is refused if another module runs by now."""
        self._run(environments.replace(database, values, module_hash))

    def change_environment(
        self,
        database: str,
        values: Mapping[str, str],
        *,
        removed: Sequence[str] = (),
        module_hash: str | None = None,
    ) -> None:
        """Sets some values of a database's environment and removes others. Otherwise as :meth:`set_environment`."""
        self._run(environments.change(database, values, tuple(removed), module_hash))

    def delete(self, database: str, *, token: str | None = None, called: str | None = None) -> None:
        """Raises ``Forbidden`` if it is locked, and :class:`~stdbpy.api.deletion.HasChildren`, with the
        ``token`` that agrees to it, if other databases would be deleted with it. ``called`` is what errors
        call the database, where ``database`` is its identity."""
        self._run(deletion.delete(database, token=token, called=called))

    def lock(self, database: str) -> None:
        """Keeps a database from being deleted or cleared until it is unlocked. Servers 1.x raise
        ``NotSupported``, and a locked database ``Forbidden`` when it is deleted or cleared."""
        self._run(databases.lock(database))

    def unlock(self, database: str) -> None:
        self._run(databases.unlock(database))

    def info(self, database: str) -> DatabaseInfo:
        return self._run(databases.info(database))

    def identity_of(self, database: str) -> Identity:
        """The identity behind a name."""
        return self._run(databases.identity_of(database))

    def names(self, database: str) -> list[str]:
        return self._run(databases.names(database))

    def add_name(self, database: str, name: str) -> None:
        self._run(databases.add_name(database, name))

    def set_names(self, database: str, names: list[str]) -> None:
        """Replaces all names of a database; each must be free."""
        self._run(databases.set_names(database, names))

    def schema(self, database: str) -> ModuleSchema:
        return self._run(databases.schema(database))

    def schema_json(self, database: str, version: Literal[9, 10] | None = None) -> dict[str, Any]:
        """The module definition as the server gives it; the newest version that it knows by default."""
        return self._run(databases.schema_json(database, version))

    def timestamp(self, database: str) -> Timestamp:
        """The database's clock."""
        return self._run(databases.timestamp(database))

    # --- running code ------------------------------------------------------------------------

    def call(self, database: str, function: str, arguments: Arguments = ()) -> CallResult:
        """Calls a reducer or procedure; returns when it is committed."""
        return self._run(calls.call(database, function, arguments))

    def fetch(
        self,
        database: str,
        path: str,
        method: str = "GET",
        *,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """What the module answers on one of its own HTTP routes, such as ``/hello``, whatever the status. The
        client's token does not go with it: the code that answers is not the server's. ``NotFound`` is raised if
        there is no such database or route, and by servers 1.x ``NotSupported``."""
        return self._run(http_handlers.fetch(database, path, method, query=query, body=body, headers=headers))

    def sql(self, database: str, text: str, *, confirmed: bool | None = None) -> list[SqlResult]:
        """Runs SQL. ``confirmed`` says whether to wait until what it saw is on disk; ``None`` is the
        server's default."""
        return self._run(sql.sql(database, text, confirmed=confirmed))

    def sql_stream(self, database: str, text: str, *, confirmed: bool | None = None) -> Iterator[SqlPart]:
        """The parts of what :meth:`sql` gives, as they arrive: for each statement its
        :class:`~stdbpy.api.SqlColumns`, any number of :class:`~stdbpy.api.SqlRows`, and a
        :class:`~stdbpy.api.SqlSummary`. However many rows there are, few are in memory at a time.
        The statement is sent, and errors are raised, when the first part is asked for; an answer that
        breaks off is an error after the parts that came."""
        request = sql.request(database, text, confirmed=confirmed)
        reader = SqlReader()
        try:
            answer = self._attempt(request, stream=True)
            try:
                if answer.status_code != httpx.codes.OK:
                    self._run(sql.expect_result(response_of(answer, answer.read()), database, text))
                for chunk in answer.iter_bytes():
                    yield from reader.feed(chunk)
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        yield from reader.end()

    def logs(self, database: str, num_lines: int | None = None, *, follow: bool = False) -> Iterator[LogRecord]:
        """The records of the log, the last ``num_lines`` of them or all. With ``follow`` also those to
        come, until the iterator is closed or the server ends; without ``num_lines`` those alone.
        The request is made, and errors are raised, when the first record is asked for."""
        request = logs.request(database, num_lines, follow=follow)
        reader = logs.LogReader()
        try:
            answer = self._http.send(self._prepare(request), stream=True)
            try:
                if answer.status_code != httpx.codes.OK:
                    self._run(logs.expect_log(response_of(answer, answer.read()), database))
                for chunk in answer.iter_bytes():
                    yield from reader.feed(chunk)
            finally:
                answer.close()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        yield from reader.end()

    # --- carrying exchanges ------------------------------------------------------------------

    def _run(self, exchange: Exchange[T]) -> T:
        try:
            request = next(exchange)
            while True:
                request = exchange.send(self._send(request))
        except StopIteration as finished:
            result: T = finished.value
            return result

    def _send(self, request: Request) -> Response:
        try:
            answer = self._attempt(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise failure(self._address, error, self._timeout) from error
        return response_of(answer, answer.content)

    def _attempt(self, request: Request, *, stream: bool = False) -> httpx.Response:
        """Sends it, once more if the connection was a dead one; with ``stream`` the body is not read yet."""
        try:
            answer = self._http.send(self._prepare(request), stream=stream)
        except httpx.TransportError as error:
            if not self._repetition.is_due(request, error):
                raise
            answer = self._http.send(self._prepare(request), stream=stream)
        self._repetition.note(request, answer.status_code)
        return answer

    def _prepare(self, request: Request) -> httpx.Request:
        return prepared(self._http.build_request, self._address, request, self._timeout)
