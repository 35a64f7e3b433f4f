"""A module that is watched while it runs: its bugs are kept as they were raised, and a test decides what it meets."""

from __future__ import annotations

import os
import sysconfig
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType

import stdbpy
from stdbpy.engine.due_calls import DueCalls
from stdbpy.engine.host import CallLater, Crash, ModuleCode, ProcedureWorld, RunningModule, ViewResult
from stdbpy.engine.instance import Instance
from stdbpy.engine.logs import LogStore
from stdbpy.engine.procedures.joined_module import ProcedureCall
from stdbpy.engine.results import Caller
from stdbpy.engine.store.store import Store
from stdbpy.engine.transaction import Transaction
from stdbpy.errors import HttpFailed, InvalidArguments, ReducerCrashed, ReducerError
from stdbpy.module.context import randomness
from stdbpy.module.http import HttpRequest, HttpResponse, request_of, response_head
from stdbpy.module.tracebacks import error_text
from stdbpy.sats.values import Identity, Timestamp
from stdbpy.schema.model import HttpHandler, ModuleSchema, Procedure, Reducer, View
from stdbpy.testing.clock import FrozenClock
from stdbpy.testing.compiled_bugs import BugLines, CompiledBug

AnswerHttp = Callable[[HttpRequest], HttpResponse]

_OWN_FOLDER = stdbpy.__file__.rsplit("__init__", 1)[0]
_FOLDERS_OF_OTHERS = (
    _OWN_FOLDER,
    "<frozen ",
    *(sysconfig.get_path(kind) + os.sep for kind in ("stdlib", "platstdlib", "purelib", "platlib")),
)
"""Of code that no author of a module has written."""

_KEPT_FAILURES = 64
"""Several procedures may fail at a moment."""


@dataclass(frozen=True, slots=True)
class Bug:
    """What a function of the module raised that was no refusal."""

    function: str
    error: BaseException
    is_of_view: bool = False


@dataclass
class Observer:
    """What a test knows and decides of the module in one database."""

    clock: FrozenClock
    seed: str
    answer_http: AnswerHttp | None = None
    bugs: list[Bug] = field(default_factory=list)
    _awaited: set[int] = field(default_factory=set)
    """Ids of callers."""
    _has_ended: bool = False
    _calls: Iterator[int] = field(default_factory=count)

    def note_bug(self, function: str, error: BaseException, *, is_of_view: bool) -> None:
        if not self._has_ended:
            self.bugs.append(Bug(function, without_own_frames(error), is_of_view))

    def end(self) -> None:
        """Who sleeps is woken by an error, which is no bug."""
        self._has_ended = True
        self.clock.close()

    def take_bug(self, function: str, known: int = 0) -> BaseException | None:
        """The last one in that function since there were ``known`` bugs, which is then forgotten. Those of procedures
        do not know where their module is mounted."""
        names = (function, function.rpartition(".")[2])
        for bug in reversed(self.bugs[known:]):
            if bug.function in names and not bug.is_of_view:
                self.bugs.remove(bug)
                return bug.error
        return None

    def take_bug_of_view(self, known: int) -> Bug | None:
        """The last one in a view since there were ``known`` bugs, which is then forgotten."""
        for bug in reversed(self.bugs[known:]):
            if bug.is_of_view:
                self.bugs.remove(bug)
                return bug
        return None

    def raise_bugs(self) -> None:
        """Raises the first bug that nobody was told of, and forgets all of them."""
        __tracebackhide__ = True
        if self.bugs:
            first = self.bugs[0]
            self.bugs.clear()
            raise ReducerCrashed(f"{first.function!r} has a bug: {in_one_line(first.error)}") from first.error

    @contextmanager
    def waiting_for(self, caller: Caller) -> Iterator[None]:
        """While the block waits for the procedure that ``caller`` has called."""
        self._awaited.add(id(caller))
        try:
            yield
        finally:
            self._awaited.discard(id(caller))

    def waits_for(self, caller: Caller | None) -> bool:
        """Whether the end of a procedure is waited for: a scheduled one has no connection."""
        return caller is not None and (caller.connection_id is None or id(caller) in self._awaited)

    @contextmanager
    def watching(self, running: ObservedModule, function: str, *, is_view: bool = False) -> Iterator[None]:
        """Around a call: calls of one moment differ in their random numbers."""
        before = randomness.set(f"/{self.seed}/{next(self._calls)}")
        try:
            yield
        except (ReducerError, InvalidArguments):
            raise
        except BaseException as bug:
            running.note_failure(bug, function, is_view=is_view)
            raise
        finally:
            randomness.reset(before)


class ObservedCode:
    """A module's code, watched in one database."""

    def __init__(self, code: ModuleCode, observer: Observer) -> None:
        self._code = code
        self._observer = observer

    @property
    def schema(self) -> ModuleSchema:
        return self._code.schema

    @property
    def host_type(self) -> str:
        return self._code.host_type

    def run(self, store: Store, identity: Identity, logs: LogStore, later: CallLater) -> RunningModule:
        bug_lines = BugLines(logs) if self._code.host_type == "Wasm" else None
        return ObservedModule(self._code.run(store, identity, logs, later), self._observer, bug_lines)


class ObservedModule:
    """A running module that does what another one does."""

    def __init__(self, module: RunningModule, observer: Observer, bug_lines: BugLines | None) -> None:
        """``bug_lines`` are for WebAssembly."""
        self._module = module
        self._observer = observer
        self._bug_lines = bug_lines
        self._failures: deque[tuple[BaseException, str, bool]] = deque(maxlen=_KEPT_FAILURES)
        """What was raised by which function that is a view or none, until :meth:`crash` is asked about it."""

    def note_failure(self, error: BaseException, function: str, *, is_view: bool) -> None:
        self._failures.append((error, function, is_view))

    def call_reducer(
        self, number: int, reducer: Reducer, caller: Caller, timestamp: Timestamp, args: bytes, tx: Transaction
    ) -> None:
        lines = self._bug_lines
        with self._observer.watching(self, reducer.name):
            if lines is None:
                self._module.call_reducer(number, reducer, caller, timestamp, args, tx)
                return
            lines.forget()
            try:
                self._module.call_reducer(number, reducer, caller, timestamp, args, tx)
            except ReducerError as told:
                bug = lines.bug_of(told)
                if bug is not None:
                    self._observer.note_bug(reducer.name, bug, is_of_view=False)
                raise

    def call_view(self, number: int, view: View, sender: Identity | None, args: bytes, tx: Transaction) -> ViewResult:
        with self._observer.watching(self, view.name, is_view=True):
            return self._module.call_view(number, view, sender, args, tx)

    def call_procedure(
        self,
        number: int,
        procedure: Procedure,
        caller: Caller,
        timestamp: Timestamp,
        args: bytes,
        world: ProcedureWorld,
    ) -> bytes:
        around = ObservedWorld(world, self._observer, is_awaited=self._observer.waits_for(caller))
        with self._observer.watching(self, procedure.name):
            return self._module.call_procedure(number, procedure, caller, timestamp, args, around)

    def call_http_handler(
        self,
        number: int,
        handler: HttpHandler,
        request: bytes,
        body: bytes,
        timestamp: Timestamp,
        world: ProcedureWorld,
    ) -> tuple[bytes, bytes]:
        around = ObservedWorld(world, self._observer, is_awaited=True)
        with self._observer.watching(self, handler.name):
            return self._module.call_http_handler(number, handler, request, body, timestamp, around)

    def crash(self, error: BaseException) -> Crash:
        function, is_view = next(
            ((function, is_view) for failed, function, is_view in list(self._failures) if failed is error), ("", False)
        )
        self._observer.note_bug(function, error, is_of_view=is_view)
        return self._module.crash(error)


class ObservedWorld:
    """What a procedure can do in a test: it sleeps by the test's clock, and its HTTP requests are the test's to
    answer."""

    def __init__(self, world: ProcedureWorld, observer: Observer, *, is_awaited: bool) -> None:
        self._world = world
        self._observer = observer
        self._is_awaited = is_awaited

    @property
    def tx(self) -> Transaction | None:
        return self._world.tx

    def begin(self) -> tuple[Transaction, Timestamp]:
        return self._world.begin()

    def commit(self) -> None:
        self._world.commit()

    def abort(self) -> None:
        self._world.abort()

    def sleep_until(self, when: Timestamp) -> Timestamp:
        if self._world.tx is not None or when <= self._observer.clock():
            return self._world.sleep_until(when)
        return self._observer.clock.sleep_until(when, is_awaited=self._is_awaited)

    def env_get(self, key: str) -> str | None:
        return self._world.env_get(key)

    def http_request(self, request: bytes, body: bytes) -> tuple[bytes, bytes]:
        answer = self._observer.answer_http
        if self._world.tx is not None or answer is None:
            return self._world.http_request(request, body)
        asked = request_of(request, body)
        try:
            response = answer(asked)
        except OSError as error:
            raise HttpFailed(str(error)) from None
        if not isinstance(response, HttpResponse):
            raise TypeError(f"what answers HTTP requests in this test has to return a HttpResponse, not {response!r}")
        return response_head(response), response.body


class ObservedInstance(Instance):
    """A database whose clock knows when a procedure that a schedule began is at work."""

    def __init__(self, identity: Identity, owner: Identity, logs: LogStore, clock: FrozenClock) -> None:
        super().__init__(identity, owner, logs, clock)
        self.due = _ObservedDueCalls(self, clock)


class _ObservedDueCalls(DueCalls):
    def __init__(self, instance: Instance, clock: FrozenClock) -> None:
        super().__init__(instance)
        self._clock = clock

    def take_begun(self) -> list[ProcedureCall]:
        begun = super().take_begun()
        for _ in begun:
            self._clock.began()
        return begun

    def procedure_ended(self, call: ProcedureCall) -> None:
        super().procedure_ended(call)
        self._clock.ended()


def without_own_frames(error: BaseException) -> BaseException:
    """The error with a traceback that begins and ends in the module's code, or what that calls, if that is in it."""
    entries = list(_entries(error))
    while entries and _is_in(entries[-1], (_OWN_FOLDER,)):
        entries.pop()
    while entries and _is_in(entries[0], (_OWN_FOLDER,)):
        entries.pop(0)
    kept: TracebackType | None = None
    for entry in reversed(entries):
        kept = TracebackType(kept, entry.tb_frame, entry.tb_lasti, entry.tb_lineno)
    return error.with_traceback(kept) if kept is not None else error


def in_one_line(error: BaseException) -> str:
    """``ZeroDivisionError: division by zero (game/module.py:12)``, with the last line of the author's own."""
    if isinstance(error, CompiledBug):
        return str(error)
    entries = list(_entries(error))
    own = [entry for entry in entries if not _is_in(entry, _FOLDERS_OF_OTHERS)]
    where = "".join(f" ({last.tb_frame.f_code.co_filename}:{last.tb_lineno})" for last in (own or entries)[-1:])
    return f"{error_text(error)}{where}"


def _entries(error: BaseException) -> Iterator[TracebackType]:
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _is_in(entry: TracebackType, folders: tuple[str, ...]) -> bool:
    return entry.tb_frame.f_code.co_filename.startswith(folders)
