"""Running the embedded server: until a signal ends it, or in a thread of a program that needs one."""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import replace
from types import TracebackType
from typing import NamedTuple, Self

import uvicorn

from stdbpy.debugging import go_on_while_others_stop, going_on_while_others_stop
from stdbpy.engine import Engine
from stdbpy.engine.data_folder import expect_no_spacetimedb
from stdbpy.errors import AddressTaken, CannotListen, UsageError
from stdbpy.server.app import create_app
from stdbpy.server.backend import Backend
from stdbpy.server.config import ServerConfig
from stdbpy.server.connection import connections_with
from stdbpy.server.keys import KeyFiles, KeyPair
from stdbpy.server.owner import load_or_create_owner
from stdbpy.server.postgres import PostgresServer
from stdbpy.server.quick_calls import QuickCalls
from stdbpy.server.tokens import TokenAuthority
from stdbpy.server.websocket.settings import LARGEST_MESSAGE, PING_INTERVAL, SILENCE
from stdbpy.signals import answering

log = logging.getLogger("stdbpy.server")

KEYS = "keys"
BACKLOG = 2048
_LAST_PORT = 65535
KEEP_ALIVE = 75
"""Seconds that a connection stays open without a request."""

PATIENCE = 3
"""Seconds that requests under way have to end when the server stops."""


def serve(config: ServerConfig, *, on_ready: Callable[[str], None] | None = None) -> bool:
    """Serves until SIGINT or SIGTERM, then ends cleanly; call it from the main thread.

    Everything that was confirmed is on disk then. The answer is whether code of a module runs on nevertheless: then
    the process should be ended by ``os._exit``, because Python would wait for that code first.

    ``on_ready`` is given the server's address once it answers. Raises :class:`CannotListen`
    (:class:`AddressTaken` if another program listens there), ``DataDirectoryError`` (in use, damaged,
    from a newer version, of SpacetimeDB itself) and ``UsageError`` before that.
    """
    with ExitStack() as at_the_end:
        # What is imported stays: garbage collectors need not look at all of it again and again. Of what databases have
        # they must: the tables and the code that an update replaces refer to themselves.
        gc.freeze()
        at_the_end.callback(gc.unfreeze)
        # Signals are ours until all is closed: an impatient second one is not to interrupt that.
        with _backend_and_listeners(config) as (backend, listeners):
            server = _Server(backend, listeners, lambda: on_ready and on_ready(listeners.url))
            stopping = answering("SIGINT", "SIGTERM", "SIGBREAK", with_=lambda *_: server.stop(), even_if_ignored=True)
            at_the_end.enter_context(stopping)
            server.run(sockets=[listeners.http])
    return backend.engine.is_alive


class RunningServer:
    """A server in a thread of this process, at a free port unless the configuration names one.

    >>> with RunningServer() as server:  # doctest: +SKIP
    ...     ApiClient(server.url, server.owner_token).ping()

    It serves the databases of ``engine`` if there is one, which it closes when it ends.
    """

    def __init__(self, config: ServerConfig | None = None, *, engine: Engine | None = None) -> None:
        self._config = config or ServerConfig(listen_addr="127.0.0.1:0")
        self._stack = _backend_and_listeners(self._config, engine)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Returns when the server answers. Raises as :func:`serve` does."""
        self.backend, listeners = self._stack.__enter__()
        self.url = listeners.url
        self.pg_port = listeners.pg_port
        ready = threading.Event()
        self._server = _Server(self.backend, listeners, ready.set)
        running = (listeners.http, ready)
        self._thread = threading.Thread(target=self._run, args=running, name="stdbpy-server", daemon=True)
        self._failure: BaseException | None = None
        self._thread.start()
        ready.wait()
        if self._failure is not None:
            self.__exit__(None, None, None)
            raise self._failure
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._thread is not None:
            self._server.stop()
            self._thread.join()
            self._thread = None
            self._stack.__exit__(kind, error, traceback)

    def _run(self, listener: socket.socket, ready: threading.Event) -> None:
        try:
            self._server.run(sockets=[listener])
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits
            self._failure = error
        finally:
            ready.set()

    @property
    def owner_token(self) -> str:
        """The token of the identity that owns the server, which alone may publish Python modules."""
        return self.backend.owner.token


class _Listeners(NamedTuple):
    """Bound sockets."""

    http: socket.socket
    postgres: socket.socket | None

    @property
    def url(self) -> str:
        host, port = self.http.getsockname()[:2]
        return f"http://{_bracketed(host)}:{port}"

    @property
    def pg_port(self) -> int | None:
        if self.postgres is None:
            return None
        port: int = self.postgres.getsockname()[1]
        return port


@contextmanager
def _backend_and_listeners(config: ServerConfig, engine: Engine | None = None) -> Iterator[tuple[Backend, _Listeners]]:
    _expect_two_ports(config)
    with ExitStack() as at_the_end:
        # The addresses first: a port that is taken is found before databases are read.
        http = at_the_end.enter_context(closing(_listener(config)))
        postgres = None if config.pg_port is None else at_the_end.enter_context(closing(_postgres_listener(config)))
        host, _ = config.host_and_port
        config = replace(config, listen_addr=f"{_bracketed(host)}:{http.getsockname()[1]}")
        folder = config.data_dir
        if folder is not None:
            expect_no_spacetimedb(folder)  # also for the keys alone
        with ExitStack() as until_stopped:
            data_dir = None if config.in_memory else folder
            engine = engine or Engine(
                data_dir,
                allow_loopback_http=config.allow_loopback_http,
                limits=config.limits,
                strict=config.strict,
            )
            until_stopped.callback(engine.close, PATIENCE)
            files = config.key_files or (None if folder is None else KeyFiles.in_folder(folder / KEYS))
            tokens = TokenAuthority(KeyPair.generate() if files is None else KeyPair.load_or_create(files))
            owner = tokens.new_identity() if folder is None else load_or_create_owner(folder, tokens)
            backend = Backend(engine, tokens, owner, config)
            until_stopped.callback(backend.waiting.close)
            yield backend, _Listeners(http, postgres)


def expect_free(config: ServerConfig) -> str:
    """The address of ``config``, with a port of its own instead of 0, where a server could listen at this moment.
    Raises :class:`CannotListen`, and :class:`UsageError` as :func:`serve` does."""
    _expect_two_ports(config)
    with closing(_listener(config)) as listener:
        host, _ = config.host_and_port
        return f"{_bracketed(host)}:{listener.getsockname()[1]}"


def free_address(config: ServerConfig, within: int = 100) -> str | None:
    """The first address after that of ``config`` with the same host where a server can listen now, among that
    many ports; ``None`` if there is none."""
    host, port = config.host_and_port
    for other in range(port + 1, min(port + within, _LAST_PORT) + 1):
        if other == config.pg_port:
            continue
        address = f"{_bracketed(host)}:{other}"
        with suppress(AddressTaken), closing(_listener(replace(config, listen_addr=address))):
            return address
    return None


def _expect_two_ports(config: ServerConfig) -> None:
    if config.pg_port and config.pg_port == config.host_and_port[1]:
        raise UsageError(
            f"port {config.pg_port} cannot be both the server's own and that of PostgreSQL's protocol",
            hint="Choose another port with --pg-port.",
        )


def _listener(config: ServerConfig) -> socket.socket:
    try:
        return _bound(*config.host_and_port)
    except OSError as error:
        raise _cannot_listen(config, error) from error


def _postgres_listener(config: ServerConfig) -> socket.socket:
    host, _ = config.host_and_port
    assert config.pg_port is not None
    try:
        return _bound(host, config.pg_port)
    except OSError as error:
        # Not AddressTaken: the server's own address is free.
        reason = "another program listens there" if error.errno == errno.EADDRINUSE else error.strerror or error
        raise CannotListen(
            f"the server cannot listen at {_bracketed(host)}:{config.pg_port} for PostgreSQL clients: {reason}",
            hint="Choose another port with --pg-port.",
        ) from error


def _bound(host: str, port: int) -> socket.socket:
    """A socket that listens there. Raises ``OSError``."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if hasattr(signal, "SIGHUP"):
            # So that a restarted server gets its port back at once; on Windows it would steal it.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _cannot_listen(config: ServerConfig, error: OSError) -> CannotListen:
    if error.errno == errno.EADDRINUSE:
        return AddressTaken(
            f"another program listens at {config.listen_addr} already",
            hint="End that program (is it a server of yours?), or choose another port with --listen-addr.",
        )
    return CannotListen(
        f"the server cannot listen at {config.listen_addr}: {error.strerror or error}",
        hint="Choose another address with --listen-addr.",
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Server(uvicorn.Server):
    """uvicorn with our settings, and without its handling of signals, which ends the whole process
    instead of letting the caller go on."""

    def __init__(self, backend: Backend, listeners: _Listeners, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                create_app(backend),
                interface="asgi3",
                http=connections_with(QuickCalls(backend)),
                ws=asyncio.Protocol,  # the real one is loaded by the connection that needs it
                ws_max_size=LARGEST_MESSAGE,
                ws_per_message_deflate=False,
                ws_ping_interval=PING_INTERVAL,
                ws_ping_timeout=SILENCE - PING_INTERVAL,
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=KEEP_ALIVE,
                timeout_graceful_shutdown=PATIENCE,
            )
        )
        self._backend = backend
        self._postgres_listener = listeners.postgres
        self._postgres = PostgresServer(backend)
        self._on_ready = on_ready

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        # While a debugger stops in a reducer, clients are told that the server is there, and others are answered.
        with going_on_while_others_stop():
            super().run(sockets)

    def stop(self) -> None:
        """From any thread or a signal handler; the second call does not wait for requests under way."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        lent = ThreadPoolExecutor(thread_name_prefix="stdbpy-lent", initializer=go_on_while_others_stop)
        asyncio.get_running_loop().set_default_executor(lent)
        await super().startup(sockets=sockets)
        if self._postgres_listener is not None:
            await self._postgres.start(self._postgres_listener)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._backend.stopping.set()
        await asyncio.gather(self._postgres.stop(PATIENCE), super().shutdown(sockets=sockets))
