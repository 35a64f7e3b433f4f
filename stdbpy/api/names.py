"""Names of databases that no server has, or should get: refused before anything is sent."""

from __future__ import annotations

import re

from stdbpy.errors import InvalidName

NAME_RULE = "A name has lower-case letters and digits, with single hyphens between them, 63 at most."
"""The rule of all servers (``crates/client-api-messages/src/name.rs``) but for the length, which they do
not limit: longer names cannot be a part of a host name, and no log or list has room for them."""

_LONGEST = 63
_IDENTITY = re.compile(r"(0x)?[0-9a-fA-F]{64}")
_NEVER = re.compile(r"[/\\?#%\s\x00-\x1f\x7f]")
"""What stands in no name on any server, and would mean something else in an address."""


def check_reference(database: str) -> str:
    """``database`` as it is, if it may be the name or identity of one. Raises :class:`InvalidName`."""
    if database in {"", ".", ".."} or _NEVER.search(database):
        raise InvalidName(f"{database!r} cannot be the name of a database", hint=NAME_RULE)
    return database


def split_parent(database: str | None, parent: str | None) -> tuple[str | None, str | None]:
    """Name and parent of a database that may be given as ``parent/name``. Raises :class:`InvalidName`."""
    if database is None or "/" not in database:
        return database, parent
    before, _, name = database.partition("/")
    check_reference(before)
    check_reference(name)
    if parent not in {None, before}:
        raise InvalidName(
            f"{database!r} names a parent, and {parent!r} is given as parent", hint="Name the parent once."
        )
    return name, before


def check_new_name(name: str) -> str:
    """``name`` as it is, if a database may be called so from now on. Raises :class:`InvalidName`."""
    check_reference(name)
    if len(name) > _LONGEST and not _IDENTITY.fullmatch(name):
        raise InvalidName(f"a name of {len(name)} characters is too long for a database", hint=NAME_RULE)
    return name
