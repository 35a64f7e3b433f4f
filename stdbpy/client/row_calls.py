"""The callbacks of rows, called without detours: a message can bring a hundred thousand rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import repeat
from operator import length_hint
from typing import Any, TypeAlias

from stdbpy.client.contexts import EventContext
from stdbpy.protocol.cache import Listeners, Registry, TableChanges

Heed: TypeAlias = Callable[[object, Callable[..., object]], object]
"""Takes what a callback gave back, where that is not ``None``, and the callback."""


class RowCalls:
    """The calls of the only callback for a kind of change, with the rows that are left.

    What leaves :meth:`run` early, be it the callback's exception or Ctrl-C, leaves the rows behind it to the
    next one. (Python looks for signals inside of the callback and where the loop jumps back, with no row taken.)
    """

    __slots__ = ("_context", "_left", "_registry")

    def __init__(self, registry: Registry[Callable[..., Any]], context: EventContext, left: Iterator[Any]) -> None:
        self._registry = registry
        self._context = context
        self._left = left

    def run(self, callback: Callable[..., object], heed: Heed) -> None:
        """Calls it with one row after the other, until callbacks are added or removed."""
        context, registry = self._context, self._registry
        callbacks = registry.callbacks
        for row in self._left:
            outcome = callback(context, row)
            if outcome is not None:
                heed(outcome, callback)
            if registry.callbacks is not callbacks:
                return

    @staticmethod
    def arguments(context: EventContext, row: Any) -> tuple[Any, ...]:
        """What a callback is given for one row."""
        return context, row


class UpdateCalls(RowCalls):
    """The same for pairs of an old and a new row."""

    __slots__ = ()

    def run(self, callback: Callable[..., object], heed: Heed) -> None:
        """Calls it with one pair after the other, until callbacks are added or removed."""
        context, registry = self._context, self._registry
        callbacks = registry.callbacks
        for old, new in self._left:
            outcome = callback(context, old, new)
            if outcome is not None:
                heed(outcome, callback)
            if registry.callbacks is not callbacks:
                return

    @staticmethod
    def arguments(context: EventContext, row: Any) -> tuple[Any, ...]:
        """What a callback is given for one pair."""
        return context, *row


Step: TypeAlias = tuple[Callable[..., object], tuple[Any, ...] | RowCalls]
"""A callback and what it is given, once or row by row."""


def steps_for(changes: TableChanges, listeners: Listeners, context: EventContext) -> Iterator[Step]:
    """What to call for the changes of a table: for each row those who listen when its turn comes."""
    if changes.count != 1:
        return _of_many(changes, listeners, context)
    if changes.updated:
        return zip(listeners.on_update.callbacks, repeat((context, *changes.updated[0])), strict=False)
    if changes.inserted:
        return zip(listeners.on_insert.callbacks, repeat((context, changes.inserted[0])), strict=False)
    return zip(listeners.on_delete.callbacks, repeat((context, changes.deleted[0])), strict=False)


def _of_many(changes: TableChanges, listeners: Listeners, context: EventContext) -> Iterator[Step]:
    if changes.deleted:
        yield from _each(changes.deleted, listeners.on_delete, context, RowCalls)
    if changes.updated:
        yield from _each(changes.updated, listeners.on_update, context, UpdateCalls)
    if changes.inserted:
        yield from _each(changes.inserted, listeners.on_insert, context, RowCalls)


def _each(
    rows: Sequence[Any], registry: Registry[Callable[..., Any]], context: EventContext, calls: type[RowCalls]
) -> Iterator[Step]:
    left = iter(rows)
    while (count := length_hint(left)) and (callbacks := registry.callbacks):
        if count > 1 and len(callbacks) == 1:
            yield callbacks[0], calls(registry, context, left)
        else:
            arguments = calls.arguments(context, next(left))
            for callback in callbacks:
                yield callback, arguments
