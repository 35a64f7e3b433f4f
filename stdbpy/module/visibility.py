"""``client_visibility_filter``: which rows of public tables clients see."""

from __future__ import annotations

import sys

from stdbpy.module.declarations import VisibilityFilter, record


def client_visibility_filter(sql: str, /) -> None:
    """Declares that clients see only those rows of a public table which the query returns.

    >>> client_visibility_filter("SELECT * FROM message WHERE recipient = :sender")

    ``:sender`` is the identity of the client. The query returns whole rows of one table: of several
    joined ones, those of the table named before the star.

    >>> client_visibility_filter(
    ...     "SELECT message.* FROM message JOIN member ON message.room = member.room WHERE member.user = :sender"
    ... )

    A row is seen if any of a table's filters returns it, and filters narrow down what other tables'
    filters read. The database's owner and the module itself see all rows.
    """
    user = sys._getframe(1)  # noqa: SLF001
    if not isinstance(sql, str):
        example = "SELECT * FROM player WHERE owner = :sender"
        raise TypeError(f"client_visibility_filter takes a query as text, such as {example!r}, not {sql!r}")
    record(user.f_globals, VisibilityFilter(sql, user.f_lineno))
