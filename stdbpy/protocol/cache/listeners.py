"""Who wants to know of a table's changes. Whether anybody does decides how a message is applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

Callback = TypeVar("Callback", bound=Callable[..., Any])


class Registry(Generic[Callback]):
    """Callbacks of one kind, in the order in which they were added.

    Iterating sees those that were there when it began: callbacks may add and remove callbacks. So may any
    thread, at any time.
    """

    __slots__ = ("callbacks",)

    def __init__(self) -> None:
        self.callbacks: tuple[Callback, ...] = ()

    def add(self, callback: Callback) -> None:
        """The same one added twice is called twice. Raises ``TypeError`` for what cannot be called."""
        if not callable(callback):
            raise TypeError(f"a callback is a function, not {callback!r}")
        while True:
            before = self.callbacks
            after = (*before, callback)
            if self.callbacks is before:  # no other thread, nor a finalizer of this one, came between
                self.callbacks = after
                return

    def remove(self, callback: Callback) -> None:
        """Removes it once. Raises ``ValueError`` if it is not there."""
        while True:
            before = self.callbacks
            left = list(before)
            try:
                left.remove(callback)
            except ValueError:
                raise ValueError(f"{callback!r} is none of the callbacks") from None
            after = tuple(left)
            if self.callbacks is before:
                self.callbacks = after
                return

    def __iter__(self) -> Iterator[Callback]:
        return iter(self.callbacks)

    def __len__(self) -> int:
        return len(self.callbacks)


class Listeners:
    """The callbacks of one table. The cache never calls them: it only reports what they ask for."""

    __slots__ = ("on_delete", "on_insert", "on_update")

    def __init__(self) -> None:
        self.on_insert: Registry[Callable[..., Any]] = Registry()
        self.on_delete: Registry[Callable[..., Any]] = Registry()
        self.on_update: Registry[Callable[..., Any]] = Registry()
