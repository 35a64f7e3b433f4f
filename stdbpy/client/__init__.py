"""What generated client code imports.

The names are imported when first used: who only wants the types of a module does not wait for sockets.
"""

TYPE_CHECKING = False  # importing it from `typing` would take longer than all else here
if TYPE_CHECKING:
    from stdbpy.client.binding import ModuleBinding
    from stdbpy.client.calls import Invoke, InvokeProcedure, Outcome, ProcedureCalls, ReducerArguments, ReducerCalls
    from stdbpy.client.contexts import EventContext
    from stdbpy.client.http import AsyncHttpDatabase, HttpDatabase
    from stdbpy.client.pending_call import PendingCall

_HOMES = {
    "stdbpy.client.binding": ("ModuleBinding",),
    "stdbpy.client.calls": (
        "Invoke",
        "InvokeProcedure",
        "Outcome",
        "ProcedureCalls",
        "ReducerArguments",
        "ReducerCalls",
    ),
    "stdbpy.client.contexts": ("EventContext",),
    "stdbpy.client.http": ("AsyncHttpDatabase", "HttpDatabase"),
    "stdbpy.client.pending_call": ("PendingCall",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    thing = globals()[name] = getattr(import_module(home), name)
    return thing


__all__ = [
    "AsyncHttpDatabase",
    "EventContext",
    "HttpDatabase",
    "Invoke",
    "InvokeProcedure",
    "ModuleBinding",
    "Outcome",
    "PendingCall",
    "ProcedureCalls",
    "ReducerArguments",
    "ReducerCalls",
]
