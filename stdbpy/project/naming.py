"""The names of a new project: of its database and of the Python package with its module."""

from __future__ import annotations

import keyword
import re
import sys
from dataclasses import dataclass

from stdbpy.errors import InvalidName

_DATABASE_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""The rule of SpacetimeDB 2.8.3 (``crates/client-api-messages/src/name.rs``)."""

_IDENTITY = re.compile(r"[0-9a-f]{64}")
_BETWEEN_WORDS = re.compile(r"[\s_.-]+")

_TAKEN = frozenset({"client", "conftest", "module_bindings", "pytest", "spacetimedb", "stdbpy", "tests"})
"""Names of what stands beside the package in a new project, or is imported there."""


@dataclass(frozen=True, slots=True)
class ProjectNames:
    database: str
    package: str


def check_database_name(name: str) -> str:
    """Returns the name if SpacetimeDB takes it for a new database. Raises :class:`InvalidName`."""
    if _IDENTITY.fullmatch(name):
        raise InvalidName("a database's name must not look like an identity (64 hex digits)")
    if not _DATABASE_NAME.fullmatch(name):
        raise InvalidName(
            f"{name!r} cannot be the name of a database",
            hint="A name has lower-case letters and digits, with single hyphens between: my-chat-2",
        )
    return name


def names_for(project: str) -> ProjectNames:
    """The names that follow from a project's: ``My Chat`` gives ``my-chat`` and ``my_chat``.

    Raises :class:`InvalidName` if SpacetimeDB or Python would not take them.
    """
    database = check_database_name(_BETWEEN_WORDS.sub("-", project.strip().lower()).strip("-"))
    package = database.replace("-", "_")
    if not package.isidentifier():
        raise InvalidName(
            f"{package!r} cannot be the name of a Python package", hint="Choose a name that begins with a letter."
        )
    choose_another = f"Choose another name, such as my-{database}."
    if keyword.iskeyword(package):
        raise InvalidName(
            f"a Python package cannot be called {package!r}: that is a keyword of Python", hint=choose_another
        )
    if package in sys.stdlib_module_names or package in _TAKEN:
        raise InvalidName(
            f"a Python package called {package!r} would hide the one that Python or stdbpy has by that name",
            hint=choose_another,
        )
    return ProjectNames(database, package)
