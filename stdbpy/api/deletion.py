"""Deleting a database, which servers with children of databases may want to be asked for twice.

Source of the second way: ``crates/client-api-messages/src/http.rs`` and the official program 2.8.3; the
standalone server has databases without children alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from stdbpy.api.answers import expect_success, parse_json, read_identity, refusal_of_locked
from stdbpy.api.exchange import Exchange, Request, Response, database_path
from stdbpy.api.lookups import expect_found
from stdbpy.errors import ApiError
from stdbpy.sats.values import Identity

_CONFIRMATION_REQUIRED = 428


@dataclass(frozen=True, slots=True)
class DatabaseTree:
    """A database and those that would be deleted with it."""

    identity: Identity
    names: tuple[str, ...] = ()
    children: tuple[DatabaseTree, ...] = ()

    def walk(self, depth: int = 0) -> Iterator[tuple[int, DatabaseTree]]:
        """This one and all below it, each with how deep it lies."""
        yield depth, self
        for child in self.children:
            yield from child.walk(depth + 1)


class HasChildren(ApiError):
    """Nothing was deleted yet: the database has children, which would be deleted with it. Who agrees to
    that deletes again with the ``token``."""

    def __init__(self, database: str, tree: DatabaseTree, token: str) -> None:
        super().__init__(
            f"the database {database!r} has children, which would be deleted with it", status=_CONFIRMATION_REQUIRED
        )
        self.tree = tree
        self.token = token


class _Node(msgspec.Struct):
    database_identity: str
    database_names: list[str] = msgspec.field(default_factory=list)


class _Tree(msgspec.Struct):
    root: _Node
    children: list[_Tree] = msgspec.field(default_factory=list)


class _Confirmation(msgspec.Struct):
    database_tree: _Tree
    confirmation_token: str


def delete(database: str, *, token: str | None = None, called: str | None = None) -> Exchange[None]:
    query = {} if token is None else {"token": token}
    response = yield Request("DELETE", database_path(database), query)
    called = called or database
    yield from expect_found(response, called)
    if response.status == _CONFIRMATION_REQUIRED:
        asked = parse_json(response, _Confirmation)
        raise HasChildren(called, _tree(asked.database_tree, response), asked.confirmation_token)
    locked = refusal_of_locked(response, called)
    if locked is not None:
        raise locked
    expect_success(response)


def _tree(read: _Tree, response: Response) -> DatabaseTree:
    children = tuple(_tree(child, response) for child in read.children)
    names = tuple(sorted(read.root.database_names))
    return DatabaseTree(read_identity(read.root.database_identity, response), names, children)
