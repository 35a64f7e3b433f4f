"""The live views of one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from heapq import heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from stdbpy.engine.delta import Delta
from stdbpy.engine.host import RunningModule, ViewQuery
from stdbpy.engine.results import FATAL
from stdbpy.engine.store.derived import FIRST_DERIVED_ID
from stdbpy.engine.store.store import Store
from stdbpy.engine.store.table import Table
from stdbpy.engine.transaction import Transaction
from stdbpy.engine.views.declared import DeclaredView, ViewTable, declared_views
from stdbpy.engine.views.live_view import LiveView
from stdbpy.engine.views.reading import ReadingTransaction, ReadSet
from stdbpy.engine.views.watches import QueryWatches, Watches
from stdbpy.errors import HostError, SqlError, ViewFailed
from stdbpy.sats.values import Identity, TimeDuration, Timestamp

if TYPE_CHECKING:
    from stdbpy.engine.views.queries import CompiledQuery, ViewQueries

KEPT_FOR = TimeDuration.of(minutes=10)
"""How long a view that nobody is subscribed to is kept up to date after it was last used, and how often
that is looked at: as long as on the real server."""

NoteBug = Callable[[str, BaseException], None]
"""Writes down a bug in a view, by the view's name."""

NoteError = Callable[[str, str], None]
"""Writes down what is wrong with what a view has returned, by the view's name."""


class Views:
    """Runs the views of a module over the tables of a store that has its schema, and keeps their rows."""

    def __init__(
        self,
        store: Store,
        module: RunningModule,
        clock: Callable[[], Timestamp],
        note_bug: NoteBug,
        note_error: NoteError,
    ) -> None:
        self._store = store
        self._module = module
        self._clock = clock
        self._note_bug = note_bug
        self._note_error = note_error
        self._declared = {view.name: view for view in declared_views(store)}
        self._live: dict[tuple[str, Identity | None], LiveView] = {}
        self._by_table: dict[int, LiveView] = {}
        self._blank: dict[str, Table] = {}
        self._watches: Watches[LiveView] = Watches(store)
        """By what the code of views has read."""
        self._query_watches: QueryWatches[LiveView] = QueryWatches()
        """By what matters to the queries that views have returned."""
        self._for_the_moment: list[Table] = []
        """Of statements that belong to transactions which have changed something."""
        self._next_id = FIRST_DERIVED_ID
        self._free_ids: list[int] = []
        self._next_look = clock() + KEPT_FOR

    def take_place(self) -> None:
        """The store's views are these from now on."""
        derived = self._store.derived
        derived.forget_views()
        for view in self._live.values():
            derived.add(view.table)
        self._store.views = self

    # --- for who reads -----------------------------------------------------------------------

    def table(self, name: str, sender: Identity | None, transaction: Transaction) -> Table:
        """The rows of a view, which is run if that has not been done. Where it fails there are none, and
        transactions fail that change what it has read by then, until it has run once: so it is on the real
        server. ``sender`` is left aside for a view that gives everybody the same."""
        declared = self._declared_as(name)
        if declared.view.is_anonymous:
            sender = None
        elif sender is None:
            raise ValueError(f"the rows of the view {name} depend on who reads them")
        if transaction.delta:
            return self._table_for_the_moment(declared, sender)
        self._forget_the_moment()
        view = self._live.get((name, sender))
        if view is None:
            view = LiveView(declared, sender, self._new_id(), self._clock())
            self._add(view)
            self._store.derived.add(view.table)
        if not view.has_rows:
            self._run_first(view)
        view.last_used = self._clock()
        return view.table

    def live_table(self, name: str, sender: Identity | None, transaction: Transaction) -> Table:
        """As :meth:`table`, but a view that is there already is not run again if it has failed."""
        view = self._live.get((name, sender))
        return view.table if view is not None else self.table(name, sender, transaction)

    def present_table(self, name: str, sender: Identity | None) -> Table:
        """As :meth:`table`, but no view is run for it: there are the rows that there are for others' sake."""
        view = self._live.get((name, sender))
        if view is not None:
            return view.table
        blank = self._blank.get(name)
        if blank is None:
            blank = self._blank[name] = ViewTable(self._new_id(), self._declared_as(name))
            self._store.derived.add(blank)
        return blank

    @property
    def some_are_live(self) -> bool:
        """Whether there are any whose rows are kept up to date."""
        return bool(self._live)

    def is_live(self, name: str, sender: Identity | None) -> bool:
        """Whether its rows are kept up to date."""
        view = self._live.get((name, sender))
        return view is not None and view.has_rows

    def hold(self, table: Table) -> None:
        self._by_table[table.id].holders += 1

    def release(self, table: Table) -> None:
        view = self._by_table[table.id]
        view.holders -= 1
        view.last_used = self._clock()

    def _declared_as(self, name: str) -> DeclaredView:
        declared = self._declared.get(name)
        if declared is None:
            raise SqlError(f"the view `{name}` is gone")
        return declared

    # --- for who changes ---------------------------------------------------------------------

    def refresh(self, transaction: Transaction) -> None:
        """Brings up to date, as part of a transaction that is about to end, what it concerns.

        Raises ``ViewFailed``, having changed nothing but through the transaction, which must be undone.
        """
        self._forget_the_moment()
        if not self._live:
            return
        to_run = self._watches.concerned(transaction.delta)
        to_query = self._query_watches.concerned(transaction.delta)
        ran: list[tuple[LiveView, _Result]] = []
        for view in to_run:
            if not view.has_rows:
                raise ViewFailed(
                    f"View {view.declared.name!r} failed when it was asked for, and what it had read was to be changed"
                )
            result = self._run(view.declared, view.sender)
            with self._expecting_keys(view):
                view.replace(result.rows, transaction)
            ran.append((view, result))
            to_query.pop(view, None)
        for view in to_query:
            assert view.query is not None, "what has no query is not watched for one"
            with self._expecting_keys(view):
                if view.query.is_incremental:
                    changes = view.query.changes(transaction)
                    if changes is not None:
                        view.change(changes.deleted, changes.inserted, transaction)
                else:
                    view.replace(view.query.rows(transaction), transaction)
        for view, result in ran:
            self._watch(view, result.read, result.query)

    @contextmanager
    def _expecting_keys(self, view: LiveView) -> Iterator[None]:
        try:
            yield
        except HostError as error:
            self._note_error(view.declared.name, error.message)
            raise ViewFailed(f"The rows of view {view.declared.name!r} cannot be kept: {error.message}") from error

    def undone(self) -> None:
        """Transactions that had ended were undone, and so was what they did to rows of views: runs all views
        again, which by now have read something else."""
        for view in [view for view in self._live.values() if view.has_rows]:
            with suppress(ViewFailed):
                result = self._run(view.declared, view.sender)
                view.table.clear()
                with self._expecting_keys(view):
                    view.fill(result.rows)
                self._watch(view, result.read, result.query)

    def let_go(self) -> None:
        """Forgets the views that nobody has used for long."""
        now = self._clock()
        if now < self._next_look:
            return
        self._next_look = now + KEPT_FOR
        for view in list(self._live.values()):
            if (view.has_rows or not view.read) and not view.holders and view.last_used + KEPT_FOR < now:
                self._remove(view)

    def succeed(self, before: Views) -> Delta:
        """Takes over the live views of the module's version before, and runs them; what is different now.

        Raises ``ViewFailed``; whoever reads the views of ``before`` notices nothing of all this.
        """
        self._next_id, self._free_ids = before._next_id, before._free_ids.copy()
        delta = Delta()
        for old in before._live.values():
            declared = self._declared.get(old.declared.name)
            if declared is None or not (old.has_rows or old.holders):
                heappush(self._free_ids, old.table.id)
                continue
            view = LiveView(declared, old.sender, old.table.id, old.last_used)
            if not old.has_rows:
                # Who is subscribed to it knows of no rows, and would not be told those that it may have now.
                self._add(view)
                continue
            result = self._run(declared, view.sender)
            with self._expecting_keys(view):
                view.fill(result.rows)
            view.has_rows = True
            self._add(view)
            self._watch(view, result.read, result.query)
            changes = delta.of(view.table)
            changes.inserted.update((row, None) for row in view.table.rows if row not in old.table.rows)
            changes.deleted.update((row, None) for row in old.table.rows if row not in view.table.rows)
        delta.leave_out_unchanged()
        return delta

    # --- running -----------------------------------------------------------------------------

    def _run_first(self, view: LiveView) -> None:
        try:
            result = self._run(view.declared, view.sender)
        except _Stopped as stopped:
            view.has_rows = not stopped.is_bug
            self._watch(view, stopped.read, None)
            return
        view.has_rows = True
        self._watch(view, result.read, result.query)
        with suppress(ViewFailed), self._expecting_keys(view):
            view.fill(result.rows)

    def _run(self, declared: DeclaredView, sender: Identity | None) -> _Result:
        """Raises :class:`_Stopped`."""
        reading = ReadingTransaction(self._store)
        try:
            result = self._module.call_view(declared.number, declared.view, sender, b"", reading)
        except BaseException as bug:
            self._note_bug(declared.name, bug)
            raise _Stopped(FATAL, reading.read, is_bug=True) from bug
        if not isinstance(result, ViewQuery):
            return _Result(result.rows, reading.read, None)
        if not result.sql or result.sql.isspace():
            return _Result((), reading.read, None)
        try:
            query = self._queries.compiled(declared, result.sql)
        except SqlError as error:
            self._note_error(declared.name, f"The query {result.sql!r} is refused: {error}")
            raise _Stopped(f"The query of view {declared.name!r} is refused: {error}", reading.read) from error
        return _Result(query.rows(Transaction(self._store)), reading.read, query)

    @cached_property
    def _queries(self) -> ViewQueries:
        # SQL is loaded when the first query comes: most programs start without one.
        from stdbpy.engine.views.queries import ViewQueries

        return ViewQueries(self._store)

    # --- which there are ---------------------------------------------------------------------

    def _add(self, view: LiveView) -> None:
        self._live[view.declared.name, view.sender] = view
        self._by_table[view.table.id] = view

    def _remove(self, view: LiveView) -> None:
        self._watch(view, ReadSet(), None)
        self._store.derived.remove(view.table)
        del self._live[view.declared.name, view.sender]
        del self._by_table[view.table.id]
        view.table.clear()
        heappush(self._free_ids, view.table.id)

    def _watch(self, view: LiveView, read: ReadSet, query: CompiledQuery | None) -> None:
        self._watches.remove(view, view.read)
        if view.query is not None:
            self._query_watches.remove(view, view.query.triggers)
        view.read, view.query = read, query
        self._watches.add(view, read)
        if query is not None:
            self._query_watches.add(view, query.triggers)

    def _table_for_the_moment(self, declared: DeclaredView, sender: Identity | None) -> Table:
        table = ViewTable(self._new_id(), declared)
        self._for_the_moment.append(table)
        self._store.derived.add(table)
        try:
            rows = self._run(declared, sender).rows
        except _Stopped:
            return table
        table.load(list(dict.fromkeys(rows)))
        return table

    def _forget_the_moment(self) -> None:
        while self._for_the_moment:
            table = self._for_the_moment.pop()
            self._store.derived.remove(table)
            table.clear()
            heappush(self._free_ids, table.id)

    def _new_id(self) -> int:
        """The lowest that no table has: these numbers are told to clients, who may keep things by them."""
        if self._free_ids:
            return heappop(self._free_ids)
        self._next_id += 1
        return self._next_id - 1


class _Result(NamedTuple):
    """What a view has returned."""

    rows: Sequence[bytes]
    read: ReadSet
    query: CompiledQuery | None
    """What gives the rows, if not its code."""


class _Stopped(ViewFailed):
    """A view has given no rows."""

    def __init__(self, message: str, read: ReadSet, *, is_bug: bool = False) -> None:
        super().__init__(message)
        self.read = read
        self.is_bug = is_bug
        """Whether its code failed, and not just what it returned."""
