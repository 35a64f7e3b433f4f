"""All databases of one data directory, or of one program that keeps them in memory."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from secrets import token_hex
from threading import Lock
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

from stdbpy.engine import deployment
from stdbpy.engine.control import Control, DatabaseEntry
from stdbpy.engine.data_folder import CONTROL_FILE, DATABASES, expect_no_spacetimedb, expect_register
from stdbpy.engine.database import Database
from stdbpy.engine.host import ModuleCode
from stdbpy.engine.instance import Clock, Instance
from stdbpy.engine.journal.file_journal import FileJournal
from stdbpy.engine.journal.sqlite_file import sync_folder
from stdbpy.engine.limits import Limits
from stdbpy.engine.logs import LogStore
from stdbpy.engine.names import as_identity, check_name, new_database_identity
from stdbpy.engine.outboxes.messages import Message, Outcome, to_nobody
from stdbpy.engine.overdue import OverdueReducers
from stdbpy.engine.programs import load_program, program_hash
from stdbpy.engine.results import PublishResult
from stdbpy.engine.update_plan import Agreement, UpdatePlan
from stdbpy.errors import DatabaseNotFound, DataDirectoryError, EngineError, NameTaken, NotAllowed, StdbError, nearest
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.environment import UNCHANGED, EnvironmentUpdate

JOURNAL_FILE = "journal.sqlite"
LOGS = "logs"
COMPILED = "compiled"

_PATIENCE = 10.0
"""Seconds that a database which is deleted or cleared has to finish what it does."""

_UPDATE_PATIENCE = 30.0
"""Seconds that an update, or its plan, waits for what its database does: that can be a reducer that never ends."""

_MOMENT = 0.2
"""Seconds that each database has to end, however little patience is left."""

_WAY_OUT = (
    "A reducer that waits for something (a lock, input) is not stopped. If it never ends, stop the server (Ctrl-C) and "
    "start it again; or delete the database, or publish with its data cleared."
)

_TO_ALL = Agreement()
_NO_LIMITS_GIVEN = Limits()

T = TypeVar("T")

log = logging.getLogger("stdbpy.engine")


class Engine:
    """The embedded SpacetimeDB.

    With a ``data_dir`` everything that was confirmed survives a crash and a loss of power; no other
    process can use the directory meanwhile. With ``None`` nothing is kept. ``clock`` is what
    schedules and ``ctx.timestamp`` go by. Procedures may send HTTP requests to this machine only with
    ``allow_loopback_http``; released servers of SpacetimeDB never let them. With ``strict`` Python modules are imported
    anew for each call, and find in globals nothing that another one has left there.

    >>> with Engine(None) as engine:  # doctest: +SKIP
    ...     engine.publish(pack(source), owner=me, name="chat")
    ...     engine.database("chat").call("send", arguments, Caller(me)).result()

    Raises ``DataDirectoryError`` if the directory cannot be used. Any thread may use an engine.
    """

    def __init__(
        self,
        data_dir: Path | None,
        *,
        clock: Clock = Timestamp.now,
        allow_loopback_http: bool = False,
        limits: Limits = _NO_LIMITS_GIVEN,
        strict: bool = False,
    ) -> None:
        self._folder = data_dir
        self._clock = clock
        self._allow_loopback_http = allow_loopback_http
        self._limits = limits
        self._is_strict = strict
        self._publishing = Lock()
        if data_dir is not None:
            expect_no_spacetimedb(data_dir)
            try:
                data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                (data_dir / DATABASES).mkdir(mode=0o700, exist_ok=True)
                (data_dir / DATABASES).chmod(0o700)
            except OSError as error:
                raise DataDirectoryError(f"{data_dir} cannot be written: {error.strerror}") from None
            expect_register(data_dir)
        self._control = Control(data_dir / CONTROL_FILE if data_dir is not None else None)
        if data_dir is not None:
            sync_folder(data_dir)
        self._left: list[Database] = []
        """Deleted and replaced ones that have not ended."""
        self._clear_rubbish()
        self._databases = {entry.identity: self._reopened(entry) for entry in self._control.databases.values()}
        self._overdue = OverdueReducers(self.databases)
        self._overdue.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self, patience: float | None = None) -> None:
        """Returns when everything that was asked for has been done, and all files are closed.

        A reducer can run for ever: after ``patience`` seconds its database is left as it is, which
        loses nothing that was confirmed; the log says so, and so does :attr:`is_alive`.
        """
        self._overdue.close()
        until = None if patience is None else monotonic() + patience
        # Whoever publishes to a database that is busy for ever holds the lock for ever.
        is_held = self._publishing.acquire(timeout=-1 if patience is None else patience)
        try:
            for database in self._databases.values():
                database.stop_procedures()
            for database in self._databases.values():
                if not database.close(None if until is None else max(_MOMENT, until - monotonic())):
                    log.warning(
                        "Database %s is left in the middle of %s, which does not end",
                        next(iter(database.names), database.identity.hex()),
                        f"reducer {database.busy_with}" if database.busy_with is not None else "what it does",
                    )
            self._control.close()
        finally:
            if is_held:
                self._publishing.release()

    @property
    def is_alive(self) -> bool:
        """Whether code of a module runs or may run here, also that of deleted databases. If so after :meth:`close`,
        Python would wait for it when the process ends."""
        return any(database.is_alive for database in [*self._databases.values(), *self._left])

    def _end(self, database: Database) -> None:
        self._left = [left for left in self._left if left.is_alive] + [database]
        database.close(_PATIENCE)

    def _load(self, program: bytes) -> ModuleCode:
        compiled = self._folder / COMPILED if self._folder is not None else None
        return load_program(program, compiled, self._limits, strict=self._is_strict)

    # --- finding -----------------------------------------------------------------------------

    def database(self, name_or_identity: str) -> Database:
        """Raises ``DatabaseNotFound``, with the nearest name there is, and ``InvalidName`` for what
        cannot be a name."""
        # What names a database is a name, and so no identity.
        identity = self.resolve(name_or_identity) or as_identity(name_or_identity)
        if identity is None:
            check_name(name_or_identity)
        found = self._databases.get(identity) if identity is not None else None
        if found is None:
            names = [name for name, entry in self._control.names.copy().items() if entry.identity in self._databases]
            raise DatabaseNotFound(
                f"There is no database {name_or_identity!r}",
                hint=nearest(name_or_identity, names) or "stdbpy list shows yours, stdbpy publish makes one.",
            )
        return found

    def databases(self) -> list[Database]:
        return list(self._databases.values())

    def databases_of(self, owner: Identity) -> list[Database]:
        return [database for database in self.databases() if database.owner == owner]

    def resolve(self, name: str) -> Identity | None:
        """The identity that a name stands for; its database may have been deleted."""
        entry = self._control.names.get(name)
        return entry.identity if entry is not None else None

    def names_of(self, identity: Identity) -> list[str]:
        return self._control.names_of(identity)

    # --- publishing --------------------------------------------------------------------------

    def publish(
        self,
        program: bytes,
        *,
        owner: Identity,
        name: str | None = None,
        database: Identity | None = None,
        clear: bool = False,
        agreement: Agreement = _TO_ALL,
        environment: EnvironmentUpdate = UNCHANGED,
    ) -> PublishResult:
        """Makes a database that runs ``program``, or updates the one of that name or identity.

        ``clear`` starts again without data. ``agreement`` is what an update may do (see :meth:`plan`).
        ``environment`` is what changes in the values of its environment, of which ``clear`` leaves none.

        Raises ``InvalidName``, ``NameTaken`` and ``NotAllowed`` (somebody else's), ``DatabaseLocked``
        (its data cannot be cleared), ``ModuleLoadError``, ``MigrationRefused``, ``EnvironmentRefused``,
        ``InitFailed`` and ``StorageFailed``, and ``EngineError`` if the database does not come to an update
        because of a reducer that does not end; then nothing has changed, but that a new name stands for an
        identity.
        """
        with self._publishing:
            self._place_for(name, database, owner, clear=clear)
        try:
            # A large program takes its time to be compiled, and nobody else has to wait for that.
            code = self._load(program)
        except BaseException:
            with self._publishing:
                self._keep_name(name, database, owner)
            raise
        with self._publishing:
            # Somebody may have published there meanwhile.
            place, existing = self._place_for(name, database, owner, clear=clear)
            if existing is None or clear:
                identity = place or new_database_identity()
                try:
                    self._create(identity, owner, name, program, code, environment)
                except BaseException:
                    self._keep_name(name, identity, owner)
                    raise
                return PublishResult(identity, "created" if existing is None else "updated", name)
        # Nor while this does.
        _outcome(existing, existing.update(program, code, agreement, environment))
        return PublishResult(existing.identity, "updated", name)

    def _place_for(
        self, name: str | None, database: Identity | None, owner: Identity, *, clear: bool
    ) -> tuple[Identity | None, Database | None]:
        """The identity to publish to, if it is known, and the database that is there. Raises as :meth:`publish`."""
        if name is not None:
            database = self._identity_for(check_name(name), owner)
        existing = self._databases.get(database) if database is not None else None
        if existing is not None and existing.owner != owner:
            raise NotAllowed(f"Database {existing.identity} belongs to another identity")
        if existing is not None and clear:
            self.expect_unlocked(existing.identity)
        return database, existing

    def _keep_name(self, name: str | None, database: Identity | None, owner: Identity) -> None:
        """Publishing has failed. As on the real server, where a name comes before its database, it stands for an
        identity from now on."""
        if name is not None and self.resolve(name) is None:
            self._control.give_name(name, database or new_database_identity(), owner)

    def adopt(self, database: Database, name: str) -> None:
        """Has a database found here, under ``name``, that was made elsewhere and whose maker closes it. For
        engines in memory. Raises as :meth:`add_name`."""
        assert self._folder is None, "what is in a directory has been made there"
        entry = DatabaseEntry(database.identity, database.owner, database.program_hash, database.host_type, "")
        with self._publishing:
            self._control.put(entry, check_name(name))
            self._databases[database.identity] = database

    def plan(self, program: bytes, *, database: Identity, caller: Identity) -> UpdatePlan:
        """What publishing ``program`` to a database would do. Raises as :meth:`publish`, but plans
        also what would be refused."""
        found = self._owned(database, caller)
        return _outcome(found, found.plan_update(program, self._load(program)))

    def delete(self, database: Identity, caller: Identity) -> None:
        """Deletes a database with all its data. Its names go on to stand for its identity, which whoever
        publishes to one of them next gets. Raises ``DatabaseNotFound``, ``NotAllowed`` if ``caller`` does
        not own it, and ``DatabaseLocked``."""
        with self._publishing:
            found = self._owned(database, caller)
            self._control.remove(database)
            del self._databases[database]
            self._end(found)
            self._clear_rubbish()

    def set_lock(self, database: Identity, caller: Identity, *, locked: bool) -> None:
        """Keeps a database from being deleted and its data from being cleared, or allows both again.
        Raises ``DatabaseNotFound``, and ``NotAllowed`` if ``caller`` does not own it."""
        self._owned(database, caller)
        self._control.set_lock(database, locked=locked)

    def _owned(self, database: Identity, caller: Identity) -> Database:
        found = self._databases.get(database)
        if found is None:
            raise DatabaseNotFound(f"There is no database {database}")
        if found.owner != caller:
            raise NotAllowed(f"Database {database} belongs to another identity")
        return found

    def expect_unlocked(self, database: Identity) -> None:
        """Raises ``DatabaseLocked``."""
        self._control.expect_unlocked(database)

    def _identity_for(self, name: str, owner: Identity) -> Identity | None:
        entry = self._control.names.get(name)
        if entry is not None and entry.owner != owner and entry.identity in self._databases:
            raise NameTaken(f"The name {name!r} belongs to another identity", hint="Choose another one.")
        return entry.identity if entry is not None else None

    def update_environment(
        self, database: Identity, caller: Identity, environment: EnvironmentUpdate, program_hash: bytes | None = None
    ) -> None:
        """Changes the values of a database's environment without publishing. Raises as
        :meth:`Database.update_environment`, ``DatabaseNotFound``, and ``NotAllowed`` if ``caller`` does not own it."""
        found = self._owned(database, caller)
        _outcome(found, found.update_environment(environment, program_hash))

    def _create(
        self,
        identity: Identity,
        owner: Identity,
        name: str | None,
        program: bytes,
        code: ModuleCode,
        environment: EnvironmentUpdate,
    ) -> None:
        """Makes a database, or makes it anew beside the old one, which goes when the new one is complete."""
        entry = DatabaseEntry(identity, owner, program_hash(program), code.host_type, f"{identity}-{token_hex(4)}")
        folder = self._folder_of(entry)
        if folder is not None:
            self._control.note_rubbish(entry.folder)
            folder.mkdir(mode=0o700)

        def start(instance: Instance) -> None:
            if folder is not None:
                instance.journal = FileJournal(folder / JOURNAL_FILE)
                sync_folder(folder)
                sync_folder(folder.parent)
            deployment.create(instance, program, code, environment)

        database = self._running(entry, start)
        try:
            failure = database.failure()
            if failure is not None:
                raise failure
            self._control.put(entry, name)
        except BaseException:
            database.close()
            self._clear_rubbish()
            raise
        replaced = self._databases.get(identity)
        self._databases[identity] = database
        if replaced is not None:
            self._end(replaced)
            self._clear_rubbish()

    # --- names -------------------------------------------------------------------------------

    def add_name(self, database: Identity, name: str) -> None:
        """Gives a database one more name. Raises ``InvalidName``, ``NameTaken``, ``DatabaseNotFound``."""
        self._control.give_name(check_name(name), database, self._owner_of(database))

    def set_names(self, database: Identity, names: Sequence[str]) -> None:
        """Makes these the only names of a database. Raises as :meth:`add_name`; then nothing has
        changed."""
        self._control.set_names(database, [check_name(name) for name in names], self._owner_of(database))

    def _owner_of(self, database: Identity) -> Identity:
        if database not in self._databases:
            raise DatabaseNotFound(f"There is no database {database}")
        return self._databases[database].owner

    # --- opening -----------------------------------------------------------------------------

    def _reopened(self, entry: DatabaseEntry) -> Database:
        folder = self._folder_of(entry)
        assert folder is not None, "what is in memory is made new each time"

        def open_files(instance: Instance) -> None:
            path = folder / JOURNAL_FILE
            if not path.exists():
                raise DataDirectoryError(f"{path} is missing", hint="Restore it from a backup, or delete the database.")
            journal = FileJournal(path)
            instance.journal = journal
            deployment.reopen(instance, journal, self._load)

        def start(instance: Instance) -> None:
            try:
                open_files(instance)
            except Exception as error:
                # Nobody may ask for a long time, and its schedules wait.
                name = next(iter(self._control.names_of(entry.identity)), entry.identity.hex())
                hint = f" {error.hint}" if isinstance(error, StdbError) else ""
                log.error("Database %s cannot be opened: %s.%s", name, error, hint)  # noqa: TRY400 - told, no bug
                raise

        return self._running(entry, start)

    def _running(self, entry: DatabaseEntry, start: Callable[[Instance], None]) -> Database:
        folder = self._folder_of(entry)
        logs = LogStore(folder / LOGS if folder is not None else None, clock=self._clock)
        instance = Instance(entry.identity, entry.owner, logs, self._clock)
        return Database(
            instance,
            start,
            host_type=entry.host_type,
            program_hash=entry.program_hash,
            names=self._control.names_of,
            allow_loopback_http=self._allow_loopback_http,
            deliver=self._deliver,
        )

    def _deliver(self, message: Message) -> Future[Outcome]:
        """Hands a database's call of a reducer to the one that it is for."""
        target = self._databases.get(message.target)
        return to_nobody(message) if target is None else target.receive(message)

    def _folder_of(self, entry: DatabaseEntry) -> Path | None:
        return self._folder / DATABASES / entry.folder if self._folder is not None else None

    def _clear_rubbish(self) -> None:
        """Deletes the folders that no database uses; what cannot be deleted now is left for later."""
        if self._folder is None:
            return
        for name in self._control.rubbish():
            folder = self._folder / DATABASES / name
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                self._control.forget_rubbish(name)


def _outcome(database: Database, asked: Future[T]) -> T:
    """What ``database`` comes to. Raises ``EngineError`` if it does not begin with it."""
    try:
        return asked.result(_UPDATE_PATIENCE)
    except TimeoutError:
        if not asked.cancel():
            return asked.result()
        reducer = database.busy_with
        what = f" with reducer {reducer!r}, which does not end" if reducer is not None else ""
        raise EngineError(
            f"The database is busy{what}: nothing was changed",
            hint=_WAY_OUT,
        ) from None
