"""Aids for users' tests.

:class:`InMemoryDatabase` stands for a database in unit tests of code that uses a generated client.
"""

TYPE_CHECKING = False  # as in stdbpy: names are imported when first used
if TYPE_CHECKING:
    from stdbpy.testing.in_memory import InMemoryDatabase
    from stdbpy.testing.memory_server import Call
    from stdbpy.testing.memory_tables import Transaction

_HOME_OF = {"Call": "memory_server", "InMemoryDatabase": "in_memory", "Transaction": "memory_tables"}


if not TYPE_CHECKING:  # to which it would make every name one that is there

    def __getattr__(name: str) -> object:
        home = _HOME_OF.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        thing = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
        return thing


__all__ = ["Call", "InMemoryDatabase", "Transaction"]
