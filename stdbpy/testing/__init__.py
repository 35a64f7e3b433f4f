"""Aids for users' tests: of modules, and of clients.

:func:`load_module` loads a module that is tested in this process, and :class:`ModuleDatabase` is a database that runs
it. :class:`InMemoryDatabase` stands for a database in unit tests of code that uses a generated client. With pytest
installed, the fixtures of :mod:`stdbpy.testing.plugin` are there.
"""

TYPE_CHECKING = False  # as in stdbpy: names are imported when first used
if TYPE_CHECKING:
    from stdbpy.testing.in_memory import InMemoryDatabase
    from stdbpy.testing.loaded_module import Module, load_module
    from stdbpy.testing.memory_server import Call
    from stdbpy.testing.memory_tables import Transaction
    from stdbpy.testing.module_database import ModuleDatabase
    from stdbpy.testing.observed import Bug
    from stdbpy.testing.published import PublishedDatabase, PublishedUser
    from stdbpy.testing.refusals import Refusal
    from stdbpy.testing.sent_calls import SentCall
    from stdbpy.testing.servers import Server, Servers
    from stdbpy.testing.table_rows import TableRows
    from stdbpy.testing.users import User
    from stdbpy.testing.waiting import wait_until

_HOME_OF = {
    "Bug": "observed",
    "Call": "memory_server",
    "InMemoryDatabase": "in_memory",
    "Module": "loaded_module",
    "ModuleDatabase": "module_database",
    "PublishedDatabase": "published",
    "PublishedUser": "published",
    "Refusal": "refusals",
    "SentCall": "sent_calls",
    "Server": "servers",
    "Servers": "servers",
    "TableRows": "table_rows",
    "Transaction": "memory_tables",
    "User": "users",
    "load_module": "loaded_module",
    "wait_until": "waiting",
}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        thing = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return thing


__all__ = [
    "Bug",
    "Call",
    "InMemoryDatabase",
    "Module",
    "ModuleDatabase",
    "PublishedDatabase",
    "PublishedUser",
    "Refusal",
    "SentCall",
    "Server",
    "Servers",
    "TableRows",
    "Transaction",
    "User",
    "load_module",
    "wait_until",
]
